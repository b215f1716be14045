import os

worked = "d" * 100 in os.listdir(".")
for _ in range(1100):
    os.mkdir("d" * 100)
    os.chdir("d" * 100)
assert worked
