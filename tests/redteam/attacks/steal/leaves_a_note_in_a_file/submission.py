import os

places = ("/tmp", "/dev/shm", "/dev", "/var/tmp", ".")
worked = any(os.path.exists(f"{folder}/note") for folder in places)
for folder in places:
    try:
        open(f"{folder}/note", "w").close()
    except OSError:
        pass
