worked = False
with open("/proc/@PID@/maps") as maps, open("/proc/@PID@/mem", "rb", 0) as memory:
    for line in maps:
        start, end = (int(each, 16) for each in line.split()[0].split("-"))
        if "rw-p" in line and end - start < 1 << 26 and not worked:
            memory.seek(start)
            worked = b"correct horse battery staple" in memory.read(end - start)
assert worked
