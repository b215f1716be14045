import os
import resource

WHAT = resource.RLIMIT_MSGQUEUE
worked = resource.getrlimit(WHAT)[0] == 12345
resource.prlimit(os.getppid(), WHAT, (12345, 23456))
