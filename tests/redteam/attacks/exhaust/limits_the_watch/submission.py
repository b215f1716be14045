import os
import resource

parent = os.getppid()
resource.prlimit(parent, resource.RLIMIT_CPU, (1, 1))
worked = True
assert worked
