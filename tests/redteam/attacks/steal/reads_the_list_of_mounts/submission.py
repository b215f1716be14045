import os

places = [line.split()[3] for line in open("/proc/self/mountinfo")]
places = {"@GRADER@", *(os.path.dirname(each) for each in places)}
worked = any(os.path.exists(f"{each}/checking.py") for each in places)
assert worked
