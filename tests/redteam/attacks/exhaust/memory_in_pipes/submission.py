import ctypes  # x86_64
import mmap
import os

call, pipes, worked = ctypes.CDLL(None).syscall, [], True
for _ in range(60):
    memory = mmap.mmap(-1, 4 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.madvise(mmap.MADV_HUGEPAGE)
    memory[:] = b"x" * len(memory)
    pipes.append(os.pipe())
    view = ctypes.c_char.from_buffer(memory, 2 << 20)
    part = (ctypes.c_size_t * 2)(ctypes.addressof(view), 4096)
    worked &= call(278, pipes[-1][1], part, 1, 0) == 4096
    del view
    memory.close()
assert worked
