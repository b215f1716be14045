import os

files = [os.memfd_create("m") for _ in range(3)]
worked = all(os.write(each, b"x" * (50 << 20)) for each in files)
assert worked
