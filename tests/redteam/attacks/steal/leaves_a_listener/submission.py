import os
import signal
import socket
import time

s = socket.socket(socket.AF_UNIX)
worked = s.connect_ex("\0note") == 0
if not worked and os.fork() == 0:
    os.setsid()
    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    if os.fork() == 0:
        s = socket.socket(socket.AF_UNIX)
        s.bind("\0note")
        s.listen()
        time.sleep(20)
    os._exit(0)
