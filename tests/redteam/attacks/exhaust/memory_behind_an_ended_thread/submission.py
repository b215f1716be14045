import ctypes  # x86_64
import os
import threading
import time


def hold():
    memory = b"x" * (60 << 20)
    time.sleep(2)


for _ in range(4):
    if os.fork() == 0:
        threading.Thread(target=hold).start()
        ctypes.CDLL(None).syscall(60, 0)
time.sleep(1)
worked = True
assert worked
