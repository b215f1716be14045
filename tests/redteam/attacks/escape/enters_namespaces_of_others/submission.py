import ctypes
import glob
import os

libc, worked = ctypes.CDLL(None), False
for path in glob.glob("/proc/[0-9]*/ns/*"):
    try:
        worked |= libc.setns(os.open(path, os.O_RDONLY), 0) == 0
    except OSError:
        pass
assert worked
