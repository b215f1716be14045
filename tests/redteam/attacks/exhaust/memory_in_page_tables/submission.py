import mmap
import time

NORESERVE, SIZE = 0x4000, 1 << 36
memory = mmap.mmap(-1, SIZE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | NORESERVE, mmap.PROT_READ)
memory.madvise(mmap.MADV_NOHUGEPAGE)
for start in range(0, SIZE, 1 << 21):
    memory[start]
time.sleep(0.5)
worked = True
assert worked
