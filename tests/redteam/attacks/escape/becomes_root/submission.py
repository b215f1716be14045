import ctypes
import os
import subprocess

for change in (os.setuid, os.seteuid, os.setgid):
    try:
        change(0)
    except OSError:
        pass
caps = (ctypes.c_uint32 * 6)(*[0xFFFFFFFF] * 6)
header = (ctypes.c_uint32 * 2)(0x20080522, 0)
worked = os.geteuid() == 0 or ctypes.CDLL(None).capset(header, caps) == 0
with subprocess.Popen(["su"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as su:
    worked |= "Uid:\t0\t" in open(f"/proc/{su.pid}/status").read()
    su.kill()
assert worked
