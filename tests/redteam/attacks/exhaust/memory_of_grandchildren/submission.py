import ctypes
import os
import time

for _ in range(4):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)
            memory = b"x" * (60 << 20)
            time.sleep(2)
        os._exit(0)
time.sleep(1)
worked = True
assert worked
