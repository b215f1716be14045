import os

worked = os.path.exists("f" * 255)
os.mkdir("f" * 255)
os.chdir("f" * 255)
for number in range(10_000):
    os.close(os.open(f"{number}", os.O_CREAT))
