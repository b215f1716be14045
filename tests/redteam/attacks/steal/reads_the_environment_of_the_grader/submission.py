worked = b"TMPDIR=" in open("/proc/@PID@/environ", "rb").read()
assert worked
