import socket

with socket.create_connection(("127.0.0.1", @PORT@), timeout=2) as door:
    worked = b"keepdim" in door.recv(1 << 16)
assert worked
