import ctypes

libc = ctypes.CDLL(None)
worked = libc.unshare(0x10020000) == 0 and libc.mount(b"x", b"/tmp", b"tmpfs", 0, None) == 0
assert worked
