import ctypes  # x86_64
import os
import time

parent = os.getppid()
ctypes.CDLL(None).syscall(424, os.open(f"/proc/{parent}", os.O_RDONLY), 9, None, 0)
time.sleep(0.3)
worked = not os.path.exists(f"/proc/{parent}/exe") and os.getppid() != parent
assert worked
