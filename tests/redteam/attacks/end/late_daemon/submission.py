import os
import socket

door = socket.socket(socket.AF_UNIX)
worked = door.connect_ex("\0late") == 0
if not worked and os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        door.bind("\0late")
        door.listen()
        while True:
            door.accept()
    os._exit(0)
