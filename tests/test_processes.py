"""What the kernel tells of processes, and huge pages where it has them."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from grader import processes

SLEEPER = "import time; kept = bytes(range(256)) * (100 << 12); print(flush=True); time.sleep(60)"


def test_a_child_is_found_with_its_memory_and_its_seconds():
    began, command = time.process_time(), [sys.executable, "-c", SLEEPER]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        assert child.pid in processes.descendants()
        assert 100 < processes.memory_mb([child.pid]) < 200
        assert 0 < processes.cpu_seconds(child.pid) < 10
        child.kill()
    assert child.pid not in processes.descendants()
    assert processes.memory_mb([child.pid]) == 0 == processes.cpu_seconds(child.pid)
    assert processes.cpu_seconds(os.getpid()) >= began


COLLAPSED = """
import ctypes, mmap
from grader import processes

def huge():
    with open("/proc/self/smaps") as maps:
        return sum(int(line.split()[1]) for line in maps if line.startswith("AnonHugePages"))

kept = [bytes([n % 256]) * 4096 for n in range(20_000)]
before = huge()
processes.use_huge_pages()
whole = all(each == bytes([n % 256]) * 4096 for n, each in enumerate(kept))
pages = mmap.mmap(-1, 4 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
pages.write(b"1" * (4 << 20))
place = ctypes.addressof(ctypes.c_char.from_buffer(pages)) + (2 << 20) - 1 >> 21 << 21
libc = ctypes.CDLL(None)
can = libc.madvise(ctypes.c_void_p(place), ctypes.c_size_t(2 << 20), processes.MADV_COLLAPSE) == 0
print(whole, can, huge() - before > 60_000)
"""


def test_memory_goes_to_huge_pages_where_the_kernel_has_them():
    done = subprocess.run([sys.executable, "-c", COLLAPSED], capture_output=True, text=True)
    whole, can, huge = done.stdout.split()
    assert whole == "True" and huge == can, done.stderr
