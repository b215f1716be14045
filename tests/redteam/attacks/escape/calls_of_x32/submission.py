import ctypes  # x86_64

worked = ctypes.CDLL(None).syscall(0x40000000 + 272, 0x10000000) == 0
assert worked
