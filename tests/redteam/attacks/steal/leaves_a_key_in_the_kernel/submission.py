import ctypes  # x86_64

call, USER_KEYRING = ctypes.CDLL(None).syscall, -4
worked = call(250, 10, USER_KEYRING, b"user", b"note", 0) >= 0
key = call(248, b"user", b"note", b"x", 1, USER_KEYRING)
assert key >= 0
call(250, 15, key, 30)  # it is gone after 30 s
