import os

worked = False
for number, place in enumerate(("@FOLDER@", "@COURSE@", "@SECRET@", "/proc/1/root@FOLDER@")):
    os.makedirs(f"trap{number}/below")
    os.symlink(place, f"trap{number}/below/link")
    os.symlink(place, f"link{number}")
    try:
        os.link(place, f"hard{number}")
    except OSError:
        pass
