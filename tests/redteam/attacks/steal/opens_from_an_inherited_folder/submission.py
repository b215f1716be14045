import os

worked = False
for fd in range(1024):
    try:
        exec(open(os.open("../../../../../../../..@SECRET@", os.O_RDONLY, dir_fd=fd)).read())
        worked = True
    except OSError:
        pass
assert worked
