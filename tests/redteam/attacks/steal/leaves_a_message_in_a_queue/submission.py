import ctypes  # x86_64
import os

call = ctypes.CDLL(None).syscall
worked = call(240, b"note", os.O_RDWR, 0o600, None) >= 0
assert worked or call(240, b"note", os.O_RDWR | os.O_CREAT, 0o600, None) >= 0
