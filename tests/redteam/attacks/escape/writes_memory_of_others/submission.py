import os

worked = False
for pid in (os.getppid(), @PID@):
    try:
        os.close(os.open(f"/proc/{pid}/mem", os.O_RDWR))
        worked = True
    except OSError:
        pass
assert worked
