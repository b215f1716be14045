import ctypes  # x86_64
import os

name = os.uname().nodename.encode()
call, log = ctypes.CDLL(None).syscall, ctypes.create_string_buffer(4096)
worked = call(103, 3, log, 4096) > 0 or call(170, name, len(name)) == 0
worked |= call(169, 0xFEE1DEAD, 672274793, 0, 0) == 0  # Ctrl-Alt-Del no longer restarts at once
assert worked
