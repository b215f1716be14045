import ctypes  # x86_64

call = ctypes.CDLL(None).syscall
worked = call(165, b"x", b".", b"tmpfs", 0, None) == 0
worked |= call(165, None, b"/", None, 4096 | 32, None) == 0
worked |= call(430, b"tmpfs", 0) >= 0 or call(428, -100, b"/usr", 1) >= 0
worked |= call(161, b".") == 0 or call(155, b".", b".") == 0
assert worked
