import socket

with socket.socket(socket.AF_UNIX) as door:
    door.connect("@FOLDER@/door")
    worked = b"keepdim" in door.recv(1 << 16)
assert worked
