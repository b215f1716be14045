worked = False
for name in ("sys/kernel/core_pattern", "sys/vm/overcommit_memory", "1/oom_score_adj", "sys/net/ipv4/ip_forward"):
    try:
        value = open(f"/proc/{name}").read()
        with open(f"/proc/{name}", "w") as file:
            file.write(value)
        worked = True
    except OSError:
        pass
assert worked
