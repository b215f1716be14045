import os
import sys

worked = False
for start in {os.path.dirname(sys.prefix), os.path.dirname(sys.base_prefix), "@COURSE@"}:
    for folder, below, files in os.walk(start):
        below[:] = [each for each in below if each not in ("lib", "lib64", "proc")]
        worked |= "checks.py" in files or any("-ubyte" in each for each in files)
assert worked
