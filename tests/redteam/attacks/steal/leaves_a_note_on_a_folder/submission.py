import os

worked = False
for folder in ("/tmp", "/dev/shm"):
    try:
        worked |= "user.note" in os.listxattr(folder)
        os.setxattr(folder, "user.note", b"x" * 1000)
    except OSError:
        pass
