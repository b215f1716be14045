import mmap

SIZE, STEP = 160 << 20, 32 << 20
memory = mmap.mmap(-1, SIZE)
for start in range(0, SIZE, STEP):
    memory[start : start + STEP] = b"x" * STEP
    memory.madvise(mmap.MADV_DONTNEED, start, STEP)
worked = True
assert worked
