import ctypes  # x86_64
import os

pid = ctypes.CDLL(None).syscall(56, 0x10000011, 0, 0, 0, 0)
if pid == 0:
    os._exit(0)
worked = pid > 0
assert worked
