import ctypes
import os
import socket

call = ctypes.CDLL(None, use_errno=True).syscall
worked = False
for pid in (os.getppid(), @PID@):
    process = call(434, pid, 0)  # pidfd_open
    for number in range(3, 40):
        copy = call(438, process, number, 0)  # pidfd_getfd
        try:
            worked |= copy > 0 and socket.socket(fileno=copy).type == socket.SOCK_SEQPACKET
        except OSError:
            pass
