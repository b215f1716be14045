import os
import stat

worked = False
for kind, major, minor in ((stat.S_IFBLK, 254, 0), (stat.S_IFBLK, 8, 0), (stat.S_IFCHR, 1, 1)):
    try:
        os.mknod(f"disk{major}", kind | 0o600, os.makedev(major, minor))
        os.close(os.open(f"disk{major}", os.O_RDONLY))
        worked = True
    except OSError:
        pass
assert worked
