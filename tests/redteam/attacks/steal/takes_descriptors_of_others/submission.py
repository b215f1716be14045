import ctypes  # x86_64
import os

call, worked = ctypes.CDLL(None).syscall, False
for pid in (os.getppid(), @PID@):
    other = call(434, pid, 0)
    worked |= any(call(438, other, fd, 0) >= 0 for fd in range(64))
assert worked
