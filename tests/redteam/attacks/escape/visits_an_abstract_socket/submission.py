import socket

with socket.socket(socket.AF_UNIX) as door:
    door.connect("\0@FOLDER@")
    worked = b"keepdim" in door.recv(1 << 16)
assert worked
