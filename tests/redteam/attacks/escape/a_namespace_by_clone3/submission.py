import ctypes  # x86_64
import os

flags = (ctypes.c_uint64 * 8)(0x10000000, 0, 0, 0, 17)
pid = ctypes.CDLL(None).syscall(435, flags, 64)
if pid == 0:
    os._exit(0)
worked = pid > 0
assert worked
