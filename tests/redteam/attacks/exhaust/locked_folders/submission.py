import os

worked = "locked" in os.listdir(".")
os.makedirs("locked/inside")
os.chmod("locked", 0)
for folder in (".", "/tmp"):
    try:
        os.chmod(folder, 0)
    except OSError:
        pass
assert worked
