import os
import resource

worked = False
for name in ("DATA", "CPU", "NPROC", "NOFILE", "FSIZE", "NICE", "RTPRIO"):
    what = getattr(resource, f"RLIMIT_{name}", 13)
    try:
        resource.setrlimit(what, (resource.getrlimit(what)[1] + 1,) * 2)
        worked = True
    except (OSError, ValueError):
        pass
try:
    os.nice(-1)
    worked = True
except OSError:
    pass
assert worked
