import mmap

SIZE, STEP = 160 << 20, 32 << 20
zeros = open("/dev/zero", "r+b", 0)
memory = mmap.mmap(zeros.fileno(), SIZE)
for start in range(0, SIZE, STEP):
    memory[start : start + STEP] = b"x" * STEP
    memory.madvise(mmap.MADV_DONTNEED, start, STEP)
worked = True
assert worked
