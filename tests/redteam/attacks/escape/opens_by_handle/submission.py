import ctypes  # x86_64

call, number = ctypes.CDLL(None).syscall, ctypes.c_int()
handle = ctypes.create_string_buffer(b"\x80\x00\x00\x00" + bytes(132))
assert call(303, -100, b"/usr", handle, ctypes.byref(number), 0) == 0
import os

worked = call(304, os.open("/usr", os.O_RDONLY), handle, os.O_RDONLY) >= 0
assert worked
