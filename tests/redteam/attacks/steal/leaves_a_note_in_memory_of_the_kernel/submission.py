import ctypes  # x86_64

call = ctypes.CDLL(None).syscall
worked = call(29, 0x4711, 4096, 0o600) >= 0
assert worked or call(29, 0x4711, 4096, 0o1600) >= 0
