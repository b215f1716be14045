import socket

worked = False
for family, kind in ((16, 3), (38, 5), (17, 3), (2, 3), (2, 2), (40, 1)):
    try:
        worked |= socket.socket(family, kind).fileno() >= 0
    except OSError:
        pass
assert worked
