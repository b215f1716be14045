"""Attack the box with harmless probes: is what it promises true on this machine, today?

Each probe runs as a submission would. It returns text that says how far it came, or an empty
text (or an exception, or its death) if the box held.
"""

from __future__ import annotations

import os
import platform
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from grader.box import Box
from grader.model import Isolation, Limits
from grader.proxy import Submission, SubmissionEnded, SubmissionError

LIMITS = Limits(cpu_s=5, wall_s=10, memory_mb=700, processes=24, tmp_mb=16)
BWRAP = "install the package `bubblewrap` so that the level is strict."


class Probe(NamedTuple):
    """One promise of the box, and whether it held."""

    promise: str
    held: bool
    detail: str
    fix: str


ATTACKS: dict[str, tuple[str, str]] = {
    "cannot read the course, its solutions or a home folder": (
        """
import os
def attack(targets):
    return " ".join(path for path in targets if os.path.exists(path))
""",
        BWRAP,
    ),
    "cannot write outside /tmp": (
        """
import os, sys
def attack(targets):
    done = []
    for folder in ["/", "/usr", "/box", "/dev", "/etc", sys.prefix, sys.base_prefix, *targets]:
        try:
            with open(os.path.join(folder, "probe-of-the-box"), "w") as file:
                done.append(folder)
            os.unlink(file.name)
        except OSError:
            pass
    return " ".join(done)
""",
        BWRAP,
    ),
    "cannot reach this machine's loopback": (
        """
import socket
def attack(targets):
    port = int(targets[-1])
    return "connected" if socket.socket().connect_ex(("127.0.0.1", port)) == 0 else ""
""",
        BWRAP,
    ),
    "cannot start more processes than its limit": (
        """
import os, time
def attack(targets):
    count = 0
    try:
        for _ in range(200):
            if os.fork() == 0:
                time.sleep(60)
                os._exit(0)
            count += 1
    except OSError:
        return ""
    return f"{count} processes"
""",
        "run the grader as an ordinary user, or install `util-linux` (setpriv) for root.",
    ),
    "cannot take more memory than its limit": (
        """
def attack(targets):
    return f"{len(bytearray(4 << 30)) >> 20} MB"
""",
        "memory limits need Linux.",
    ),
    "cannot fill /tmp beyond its limit": (
        """
def attack(targets):
    count = 0
    for i in range(16):
        with open(f"/tmp/probe-{i}", "wb") as file:
            count += file.write(bytes(8 << 20))
    return f"{count >> 20} MB"
""",
        BWRAP,
    ),
    "cannot signal or trace what watches it": (
        """
import ctypes, os, signal
def attack(targets):
    parent, done = os.getppid(), []
    if ctypes.CDLL(None).ptrace(16, parent, 0, 0) == 0:
        done.append("ptrace")
    try:
        open(f"/proc/{parent}/mem", "rb").close()
        done.append("read memory")
    except OSError:
        pass
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL) if parent == 1 else ():
        os.kill(parent, number)
    return " ".join(done)
""",
        BWRAP,
    ),
    "cannot make namespaces or mounts of its own": (
        """
import ctypes
def attack(targets):
    return "new user namespace" if ctypes.CDLL(None).unshare(0x10000000) == 0 else ""
""",
        "install the package `libseccomp2`.",
    ),
    "cannot change the limits or the priority of what watches it": (
        """
import os, resource
def attack(targets):
    parent, done = os.getppid(), []
    try:
        resource.prlimit(parent, resource.RLIMIT_CPU, (3600, 7200))
        done.append("limits")
    except OSError:
        pass
    try:
        os.setpriority(os.PRIO_PROCESS, parent, os.getpriority(os.PRIO_PROCESS, parent) + 1)
        done.append("priority")
    except OSError:
        pass
    return " ".join(done)
""",
        BWRAP,
    ),
    "cannot hold memory that nobody counts": (
        """
import mmap, os
def attack(targets):
    done = []
    for name, take in (("memory file", os.memfd_create), ("shared", lambda _: mmap.mmap(-1, 4096))):
        try:
            take("probe")
            done.append(name)
        except OSError:
            pass
    return " ".join(done)
""",
        BWRAP,
    ),
    "cannot talk to the kernel through sockets": (
        """
import socket
def attack(targets):
    try:
        socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close()
        return "netlink"
    except OSError:
        return ""
""",
        BWRAP,
    ),
    "leaves no process behind": (
        """
import os, time
def attack(targets):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(600)
        os._exit(0)
    return ""
""",
        BWRAP,
    ),
}


def run(isolation: Isolation) -> list[Probe]:
    """Try every attack once, in a box of this level."""
    with socket.create_server(("127.0.0.1", 0)) as listener, Box(isolation, LIMITS) as box:
        targets = [*_secrets(), str(listener.getsockname()[1])]
        probes = [_try(box, promise, targets) for promise in ATTACKS]
        box_answers = [_survives(box)]
    return probes + box_answers


def _try(box: Box, promise: str, targets: list[str]) -> Probe:
    source, fix = ATTACKS[promise]
    detail = ""
    with box.run(LIMITS) as run:
        try:
            detail = str(Submission(run, "probe.py", source).attack(targets))
        except (SubmissionError, SubmissionEnded):
            detail = ""
    return Probe(promise, not detail, detail, fix)


def _survives(box: Box) -> Probe:
    """After all attacks the same box still answers, and nothing of theirs is alive in it."""
    source = """
import os
def left():
    mine = {str(os.getpid()), "1"}
    return " ".join(p for p in os.listdir("/proc") if p.isdigit() and p not in mine)
"""
    with box.run(LIMITS) as run:
        strict = box.isolation.level == "strict"
        left = str(Submission(run, "probe.py", source).left()) if strict else ""
    return Probe("is clean again after every check", not left, f"processes {left}", BWRAP)


def _secrets() -> Iterator[str]:
    """What a submission must not see: solutions, the engine, and what lies in the user's home."""
    here = Path(__file__).resolve().parent
    yield str(here.parent / "solutions")
    yield str(here / "engine.py")
    interpreters = [Path(prefix) for prefix in (sys.prefix, sys.base_prefix)]
    for path in sorted(Path.home().iterdir())[:20]:
        if not any(each.is_relative_to(path) for each in interpreters):
            yield str(path)


def machine() -> dict[str, str]:
    """What decides speed and results on this machine."""
    import torch

    free = shutil.disk_usage(".").free / 1e9
    accelerator = torch.cuda.get_device_name() if torch.cuda.is_available() else "none"
    return {
        "Python": f"{platform.python_version()} on {platform.platform(terse=True)}",
        "torch": f"{torch.__version__}, accelerator: {accelerator}",
        "user": "root" if hasattr(os, "geteuid") and os.geteuid() == 0 else "ordinary",
        "CPUs": f"{len(os.sched_getaffinity(0)) if sys.platform == 'linux' else os.cpu_count()}",
        "free disk": f"{free:.0f} GB",
    }
