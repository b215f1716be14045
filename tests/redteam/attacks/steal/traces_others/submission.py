import ctypes  # x86_64
import os

SEIZE = 0x4206
others = [int(each) for each in os.listdir("/proc") if each.isdigit() and int(each) != os.getpid()]
worked = any(ctypes.CDLL(None).syscall(101, SEIZE, pid, 0, 0) == 0 for pid in others)
assert worked
