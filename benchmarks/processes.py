"""What a command and everything that it starts take, until the last process is gone."""

from __future__ import annotations

import ctypes
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

PR_SET_CHILD_SUBREAPER = 36
TICKS = os.sysconf("SC_CLK_TCK")


class Sample(NamedTuple):
    """A moment of a run."""

    done: int
    cpu_s: float
    """So far, of all processes."""
    mb: float
    """Now, of all processes; shared pages counted once."""


class Cost(NamedTuple):
    """Of one run."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    samples: tuple[Sample, ...]


def run(
    command: Sequence[str],
    *,
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
    done: Callable[[], int] = lambda: 0,
    every_s: float = 0.5,
) -> Cost:
    """Run a command to its end. Orphans come to this process, so that no CPU second is lost.

    Args: done, how far the command is; asked for each sample, every `every_s` seconds.
    Raises: RuntimeError where the command fails, with the last lines that it said.
    """
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    before, began, samples = _reaped_cpu_s(), time.monotonic(), []
    with subprocess.Popen(
        command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout
        os.set_blocking(process.stdout.fileno(), False)
        said = b""
        while process.poll() is None:
            asked = time.monotonic()
            samples.append(_sample(done(), before))
            took = time.monotonic() - asked
            said = (said + (process.stdout.read() or b""))[-4000:]
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(every_s, 50 * took))  # so that looking costs 2 % at most
        wall_s = time.monotonic() - began
        said += process.stdout.read() or b""
    if process.returncode:
        text = said.decode(errors="replace")
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{text}")
    with suppress(ChildProcessError):
        while True:
            os.wait()
    samples.append(Sample(done(), _reaped_cpu_s() - before, 0))
    peak_mb = max(each.mb for each in samples)
    return Cost(wall_s, samples[-1].cpu_s, peak_mb, tuple(samples))


def load() -> str:
    """How busy the machine is, in words."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def program(module: str, *words: str) -> list[str]:
    """The command line of a module of ours."""
    return [sys.executable, "-P", "-m", module, *words]


def _reaped_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _sample(done: int, before: float) -> Sample:
    pids = _below(os.getpid())
    cpu_s = sum(map(_cpu_s, pids)) + _reaped_cpu_s() - before
    return Sample(done, cpu_s, sum(map(_pss_mb, pids)))


def _below(pid: int) -> list[int]:
    """All processes below this one; a child of a thread is listed by that thread."""
    found: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            children = [int(each) for each in (task / "children").read_text().split()]
            found += [*children, *(each for child in children for each in _below(child))]
    return found


def _cpu_s(pid: int) -> float:
    """Of a process, and of those that it has waited for."""
    with suppress(OSError):
        text = Path(f"/proc/{pid}/stat").read_text()
        return sum(map(int, text.rpartition(")")[2].split()[11:15])) / TICKS
    return 0.0


def _pss_mb(pid: int) -> float:
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
    return 0.0
