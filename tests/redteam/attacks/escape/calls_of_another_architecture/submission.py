import ctypes  # x86_64
import mmap

page = mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=7)
page.write(bytes.fromhex("53 b836010000 bb00000010 cd80 5b c3"))  # unshare(CLONE_NEWUSER)
start = ctypes.addressof(ctypes.c_char.from_buffer(page))
worked = ctypes.CFUNCTYPE(ctypes.c_int)(start)() == 0
assert worked
