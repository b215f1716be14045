import ctypes  # x86_64
import os

call, worked = ctypes.CDLL(None).syscall, False
for pid in (each for each in os.listdir("/proc") if each.isdigit() and int(each) != os.getpid()):
    try:
        line = next(each for each in open(f"/proc/{pid}/maps") if "[heap]" in each)
    except (OSError, StopIteration):
        continue
    start, end = (int(each, 16) for each in line.split()[0].split("-"))
    size = min(end - start, 1 << 26)
    page = ctypes.create_string_buffer(size)
    mine = (ctypes.c_size_t * 2)(ctypes.addressof(page), size)
    theirs = (ctypes.c_size_t * 2)(start, size)
    worked |= call(310, int(pid), mine, 1, theirs, 1, ctypes.c_long(0)) > 0
assert worked
