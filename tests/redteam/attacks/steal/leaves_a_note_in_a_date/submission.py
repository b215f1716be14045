import os

worked = False
for folder in ("/tmp", "/dev/shm"):
    seen = os.stat(folder)
    worked |= seen.st_mtime_ns == 123456789 or seen.st_mode & 0o7777 == 0o1776
    try:
        os.chmod(folder, 0o1776)
        os.utime(folder, ns=(123456789, 123456789))
    except OSError:
        pass
