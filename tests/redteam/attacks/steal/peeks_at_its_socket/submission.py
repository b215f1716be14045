import gc
import socket

sock = next(each for each in gc.get_objects() if type(each).__name__ == "Worker").sock
sock.setblocking(False)
try:
    data, fds, _, _ = socket.recv_fds(sock, 1 << 20, 100, socket.MSG_PEEK)
    worked = bool(data or fds)
except BlockingIOError:
    worked = False
sock.setblocking(True)
assert worked
