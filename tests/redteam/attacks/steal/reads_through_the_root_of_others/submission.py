import os

worked = False
for pid in os.listdir("/proc"):
    try:
        exec(open(f"/proc/{pid}/root@SECRET@").read())
        worked = True
    except OSError:
        pass
assert worked
