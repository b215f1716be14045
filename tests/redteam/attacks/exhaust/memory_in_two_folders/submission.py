import os

written = 0
for path in [f"{folder}/big{n}" for folder in ("/tmp", "/dev/shm") for n in range(4)]:
    try:
        with open(path, "wb", 0) as file:
            written += file.write(bytes(40 << 20))
    except OSError:
        pass
worked = written > 140 << 20
for path in [f"{folder}/big{n}" for folder in ("/tmp", "/dev/shm") for n in range(4)]:
    if os.path.exists(path):
        os.remove(path)
assert worked
