"""The first process in the box: forks one child per check, watches it, tells what it cost.

Theory of operation. The zygote imports torch once and runs no submission code and no tensor
operation. For each check it forks a child that takes the check's own limits and becomes a worker.
The zygote watches the child's memory, and at the end of the check kills and reaps whatever the
child left behind. In a pid namespace the zygote is process 1, which its children cannot signal;
it is not dumpable, so they cannot read it either.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import os
import resource
import select
import shutil
import signal
import socket
import sys
import tempfile
import time
from typing import Any, NoReturn

import msgpack
import torch

from grader.processes import (
    cpu_seconds,
    descendants,
    memory_mb,
    out_of_memory_kills,
    use_huge_pages,
)
from grader.worker import Worker, seed_generators

PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER, PR_SET_PDEATHSIG = 4, 36, 1
WATCH_MS = 50
MANY = 32
"""Forks after which huge pages have paid for the quarter of a second that they take to make."""


def main() -> NoReturn:
    """Serve a control socket until it closes.

    Arguments: the socket's number; where to make a folder for what submissions write, or nothing
    where /tmp is the box's own; the slow modules to import once for all.
    """
    control = socket.socket(fileno=int(sys.argv[1]))
    torch.set_num_threads(1)
    seed_generators(0)  # imports numpy.random and wakes torch's generator, for 20 ms, once
    for name in sys.argv[3:]:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # so that no child copies our pages only to collect garbage
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)  # process 1 of a namespace then ignores its children
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    _prctl(PR_SET_DUMPABLE, 0)
    folder = ""
    try:
        if sys.argv[2]:
            folder = tempfile.mkdtemp(prefix="grader-", dir=sys.argv[2])
            os.chdir(folder)
        control.send(msgpack.packb({"folder": folder}))
        Zygote(control).serve()
    except OSError as error:
        _tell_fault(control, error)
    finally:
        if folder:
            shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


class Zygote:
    """Forks one child at a time, watches it, and tells what it cost."""

    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.child = 0
        self.order: dict[str, Any] = {}
        self.peak_mb = 0.0
        self.over = False
        self.starved = 0
        self.forks = 0
        self.mounted = _temporary_entries()

    def serve(self) -> None:
        """Until the control socket closes; then nothing of this box lives any more."""
        poll = select.poll()
        poll.register(self.control, select.POLLIN)
        while True:
            if poll.poll(WATCH_MS if self.child else None) and not self._obey():
                break
            if self.child:
                self._watch()
        self._kill()
        self._reap()

    def _obey(self) -> bool:
        message, fds, _, _ = socket.recv_fds(self.control, 1 << 16, 1)
        if not message:
            return False
        order = msgpack.unpackb(message)
        if order["op"] == "fork":
            self._fork(socket.socket(fileno=fds[0]), order)
        else:
            self.control.send(msgpack.packb(self._end()))
        return True

    def _fork(self, sock: socket.socket, order: dict[str, Any]) -> None:
        self.order, self.peak_mb, self.over = order, 0.0, False
        self.starved = out_of_memory_kills()
        self.forks += 1
        if self.forks == MANY:
            use_huge_pages()
        self.child = os.fork()
        if self.child == 0:
            try:
                _become_child(order)
            except BaseException as error:
                _tell_fault(self.control, error)
                os._exit(1)
            self.control.close()
            Worker(sock, order["seed"], order["device_mb"]).serve()
        sock.close()

    def _watch(self) -> None:
        below = descendants()
        used = memory_mb(below)
        self.peak_mb = max(self.peak_mb, used)
        # One process is stopped by the kernel; several together are a second later by us.
        late = sum(map(cpu_seconds, below)) > max(1, self.order["cpu_s"]) + 1
        if (used > self.order["memory_mb"] or late) and not self.over:
            self.over = used > self.order["memory_mb"]
            self._kill()

    def _end(self) -> dict[str, Any]:
        """Kill and reap everything; say how the child ended and what all of it used."""
        starved = out_of_memory_kills() > self.starved and _died_of_kill(self.child)
        self._kill()
        status, cpu_s, peak_mb = self._reap()
        peak_mb = max(self.peak_mb, peak_mb)
        over = self.over or (starved and peak_mb > self.order["memory_mb"])
        self._clean()
        if starved and not over:
            return {
                "fault": f"this machine ran out of memory when the submission had {peak_mb:,.0f}"
                f" of the {self.order['memory_mb']:,} MB that it may use"
            }
        return {
            "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
            "exit": os.WEXITSTATUS(status) if os.WIFEXITED(status) else 0,
            "over_memory": over,
            "cpu_s": cpu_s,
            "peak_mb": peak_mb,
        }

    def _reap(self) -> tuple[int, float, float]:
        """Wait for all that is below: the child's status, CPU seconds and peak MB of them all.

        Orphans come to us, and what was forked while we killed is found when its parent has ended.
        """
        how, cpu_s, peak_mb = 0, 0.0, 0.0
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status, usage = os.wait4(-1, 0)
                if pid == self.child:
                    how, self.child = status, 0
                cpu_s += usage.ru_utime + usage.ru_stime
                peak_mb = max(peak_mb, usage.ru_maxrss / 1024)
                self._kill()
        return how, cpu_s, peak_mb

    def _clean(self) -> None:
        """Nothing of one check is visible to the next. What cannot be removed ends the box."""
        try:
            for path in _temporary_entries() - self.mounted:
                is_folder = os.path.isdir(path) and not os.path.islink(path)
                (shutil.rmtree if is_folder else os.unlink)(path)
            for folder in ("/tmp", "/dev/shm") * (os.getpid() == 1):
                with contextlib.suppress(PermissionError):  # root's box; there they stay as made
                    os.chmod(folder, 0o1777)
                    os.utime(folder, (0, 0))
        except (OSError, RecursionError):
            sys.exit(1)

    def _kill(self) -> None:
        # An exited child stays a zombie until wait4, so its facts are not lost by this.
        if os.getpid() == 1:
            _signal(-1)
            return
        if self.child:
            _signal(-self.child)
        for pid in descendants():
            _signal(pid)


def _signal(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def _tell_fault(control: socket.socket, error: BaseException) -> None:
    reason = getattr(error, "strerror", None) or str(error)
    with contextlib.suppress(OSError):
        control.send(msgpack.packb({"fault": f"the box cannot go on: {reason}"}))


def _died_of_kill(pid: int) -> bool:
    """Whether a SIGKILL that is not ours ended the child, which stays to be reaped."""
    time.sleep(0.1)  # its socket closes a moment before it counts as dead
    ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    return ended is not None and (ended.si_code, ended.si_status) == (os.CLD_KILLED, signal.SIGKILL)


def _temporary_entries() -> set[str]:
    """What lies in the folders that a submission may write to."""
    folders = ("/tmp", "/dev/shm") if os.getpid() == 1 else (os.getcwd(),)
    return {os.path.join(folder, name) for folder in folders for name in os.listdir(folder)}


def _become_child(order: dict[str, Any]) -> None:
    """Raises: OSError or ValueError where this machine's own limits are narrower."""
    os.setsid()
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    _prctl(PR_SET_DUMPABLE, 1)
    _prefer_when_memory_is_out()
    memory = order["memory_mb"] << 20
    cpu = max(1, round(order["cpu_s"]))
    for name, soft, hard in (
        ("DATA", memory, memory),
        ("CPU", cpu, cpu + 2),
        ("FSIZE", order["tmp_mb"] << 20, order["tmp_mb"] << 20),
        ("NOFILE", 256, 256),
        ("CORE", 0, 0),
        ("NPROC", order["processes"], order["processes"]),
    ):
        try:
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (soft, hard))
        except ValueError:
            raise ValueError(f"RLIMIT_{name} is below the {hard:,} of the exercise") from None
    if not _has_room(memory):
        raise ValueError(f"RLIMIT_AS leaves less than the {memory:,} bytes of the exercise")
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def _has_room(size: int) -> bool:
    """Whether so many bytes can be had on top of what is mapped already."""
    room = resource.getrlimit(resource.RLIMIT_AS)[1]
    with open("/proc/self/statm") as statm:
        mapped = int(statm.read().split()[0]) * resource.getpagesize()
    return room == resource.RLIM_INFINITY or room - mapped >= size


def _prefer_when_memory_is_out() -> None:
    """Then the kernel kills the submission, and not the grader."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
