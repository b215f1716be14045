import ctypes
import os
import signal
import time

worked = False
for _ in range(3):
    if os.fork():
        break
    os.setsid()
    ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
else:
    time.sleep(20)
    os._exit(0)
if os.getsid(0) != os.getpid() or os.getpgid(os.getppid()) == os.getpgid(0):
    os._exit(0)
