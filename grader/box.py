"""Start, limit and kill what runs a submission; hand out its socket; name the isolation level.

Theory of operation. A Box is one process tree with a warm zygote. `Box.run` asks the zygote for a
fresh child and hands out the other end of its socket. The grader trusts the zygote, which never
runs submission code, and nobody else: when the zygote does not answer, the whole tree is killed
and the next run starts a new one. The box dies with the grader: bubblewrap is told so, and the
zygote leaves when its control socket closes.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgpack

from grader import bubblewrap
from grader.model import GraderFault, Isolation, Level, Limits, UsageError
from grader.printed import Printed

START_S = 120
ANSWER_S = 10
AGAIN = "see `grade doctor`, end other programs or raise the limits (`ulimit -a`), and grade again"
DETAILS = {
    Level.STRICT: "bubblewrap, seccomp, own namespaces, no network, read-only files",
    Level.CONTAINER: "a container around the grader, resource limits inside",
    Level.BASIC: "resource limits only; the submission can read this machine's files",
}


def isolation(wanted: Level | None = None, device: Literal["cpu", "cuda"] = "cpu") -> Isolation:
    """The level in force: the best that this machine offers, or exactly the one asked for.

    Args: device, that submissions may use; the nodes of a GPU are seen in the box only for "cuda".
    Raises: UsageError if the level or the device asked for cannot be had.
    """
    if device == "cuda" and not bubblewrap.gpus():
        raise UsageError("no NVIDIA GPU is here: /dev/nvidia* is missing; leave out --device cuda.")
    why_not_strict = bubblewrap.refusal() if wanted in (None, Level.STRICT) else ""
    if wanted is Level.STRICT and why_not_strict:
        raise UsageError(f"the strict box cannot be had: {why_not_strict}.")
    if wanted is Level.CONTAINER and not in_container():
        raise UsageError("this is no docker or podman container; see `grade doctor`.")
    if wanted is None:
        fallback = Level.CONTAINER if in_container() else Level.BASIC
        wanted = fallback if why_not_strict else Level.STRICT
    as_root = wanted is not Level.STRICT and os.geteuid() == 0 and not bubblewrap.can_leave_root()
    detail = DETAILS[wanted] + as_root * "; it runs as root"
    return Isolation(level=wanted, detail=detail, device=device)


def in_container(root: Path = Path("/")) -> bool:
    """Whether this is a container, by what its engine leaves in every one.

    docker, podman and systemd leave a mark. containerd, with Kubernetes or without, leaves none,
    but like them mounts two files of its own, which no bare machine does.
    """
    marks = (".dockerenv", "run/.containerenv", "run/systemd/container")
    if any((root / mark).exists() for mark in marks):
        return True
    try:
        mounts = (root / "proc/self/mountinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return False
    return {"/etc/hosts", "/etc/resolv.conf"} <= {line.split()[4] for line in mounts}


@dataclass(frozen=True)
class Facts:
    """How a run ended and what it used."""

    signal: int
    exit: int
    over_memory: bool
    cpu_s: float
    peak_mb: float
    printed: str


class Run:
    """One forked child: its socket, and after `Box.run` is left, its facts."""

    def __init__(self, sock: socket.socket, limits: Limits) -> None:
        self.socket = sock
        self.limits = limits
        self.deadline = time.monotonic() + limits.wall_s
        self.facts: Facts | None = None


class Box:
    """A warm worker tree, for one submission after another. Use it as a context manager."""

    def __init__(
        self,
        isolation: Isolation,
        limits: Limits,
        *,
        preloads: tuple[str, ...] = (),
        models: Mapping[str, Path] | None = None,
    ) -> None:
        """`preloads` are imported before the first run, the folders of `models` can be read."""
        self.isolation = isolation
        self.limits = limits
        self._preloads = preloads
        self._models = dict(models or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = False
        self._running = False
        self._interrupted = False
        self._folder = ""
        """Where the submission may write; at the strict level that is no folder out here."""

    def __enter__(self) -> Box:
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    @contextlib.contextmanager
    def run(self, limits: Limits | None = None, seed: int = 0) -> Iterator[Run]:
        """Fork a child with its own limits. Raises: GraderFault if the box does not start."""
        if self._interrupted:
            raise KeyboardInterrupt
        if self._running:
            raise GraderFault("a check opened the submission twice at once; close the first.")
        limits = limits or self.limits
        self._await_ready()
        run = Run(self._fork(limits, seed), limits)
        self._running = True
        try:
            yield run
        finally:
            # Closed last: a process that still lives is then seen as killed, not as gone by itself.
            try:
                run.facts = self._end()
            finally:
                run.socket.close()
                self._running = False

    def _fork(self, limits: Limits, seed: int) -> socket.socket:
        """Order a child, whose socket this is the other end of."""
        order = {"op": "fork", "seed": seed, **limits.model_dump()}
        with _refusals():
            ours, theirs = socket.socketpair()
            with theirs:
                socket.send_fds(self._control, [msgpack.packb(order)], [theirs.fileno()])
        return ours

    def interrupt(self) -> None:
        """End whatever runs, from another thread; what goes on is told KeyboardInterrupt."""
        self._interrupted = True
        if process := self._process:
            process.kill()

    def _start(self) -> None:
        with _refusals():
            self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self._control.settimeout(START_S)
            try:
                self._process = self._spawn(theirs)
                self._printed = Printed(self._process, self.limits.output_kb << 10)
            except BaseException:  # what was spawned leaves when its control socket closes
                self._control.close()
                raise
            finally:
                theirs.close()
        self._ready = False

    def _spawn(self, theirs: socket.socket) -> subprocess.Popen[bytes]:
        with bubblewrap.memory_file(self._filter()) as filter_fd:
            return subprocess.Popen(
                self._command(theirs.fileno(), filter_fd),
                pass_fds=[theirs.fileno(), filter_fd],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=bubblewrap.environment(),
                start_new_session=True,
            )

    def _filter(self) -> bytes:
        return bubblewrap.seccomp_program() if self.isolation.level is Level.STRICT else b""

    def _command(self, control_fd: int, filter_fd: int) -> list[str]:
        strict = self.isolation.level is Level.STRICT
        models = self._models
        nodes = bubblewrap.gpus() if self.isolation.device == "cuda" else ()
        outer = (
            bubblewrap.command(self.limits, filter_fd, models, nodes) if strict else self._open()
        )
        place = "" if strict else tempfile.gettempdir()
        home = bubblewrap.INSIDE if strict else str(bubblewrap.PACKAGE.parent)
        program = (
            f"import sys; sys.path.insert(0, {home!r}); from grader import zygote; zygote.main()"
        )
        command = [*outer, sys.executable, "-s", "-P", "-c", program, str(control_fd), place]
        return [*command, *self._preloads]

    def _open(self) -> list[str]:
        """Below the strict level nothing is mounted. Raises: UsageError for a closed model."""
        for name, folder in self._models.items():
            if not bubblewrap.may_read(folder):
                raise UsageError(
                    f"the user that submissions run as cannot read the model {name}; "
                    "set GRADER_HOME to a folder that every user may read."
                )
        return bubblewrap.leave_root()

    @property
    def needs(self) -> tuple[object, ...]:
        """What it was made with and cannot change; the other limits hold for each run."""
        sizes = (self.limits.tmp_mb, self.limits.output_kb)
        return (*sizes, *self._preloads, *sorted(self._models.items()))

    @property
    def places(self) -> dict[str, str]:
        """Where the submission finds each model."""
        if self.isolation.level is Level.STRICT:
            return {name: f"{bubblewrap.MODELS}/{name}" for name in self._models}
        return {name: str(folder) for name, folder in self._models.items()}

    def _await_ready(self) -> None:
        if self._process is None or self._process.poll() is not None:
            self._stop()
            self._start()
        if not self._ready:
            ready = self._tell()
            if not ready:
                last = self._printed.take().strip().splitlines()[-1:] or ["no message"]
                self._stop()
                raise GraderFault(f"the box did not start ({last[0]}); {AGAIN}.")
            self._folder = ready["folder"]
            self._ready = True
            self._control.settimeout(ANSWER_S)

    def _tell(self) -> dict[str, Any]:
        """One message of the zygote; empty if it is gone or silent. Raises: GraderFault."""
        try:
            message = self._control.recv(1 << 16)
        except OSError:
            message = b""
        answer: dict[str, Any] = msgpack.unpackb(message) if message else {}
        if "fault" in answer:
            self._stop()
            raise GraderFault(f"{answer['fault']}; {AGAIN}.")
        return answer

    def _end(self) -> Facts:
        with contextlib.suppress(OSError):
            self._control.send(msgpack.packb({"op": "end"}))
        end = self._tell()
        if not end:
            # The submission took the whole box down, or left what cannot be cleaned.
            outside = self._ended_from_outside()
            self._stop()
            if outside:
                raise GraderFault(f"the box was ended from outside; {AGAIN}.")
            end = {"signal": signal.SIGKILL, "exit": 0, "over_memory": False}
            end |= {"cpu_s": 0.0, "peak_mb": 0.0}
        return Facts(printed=self._printed.take(), **end)

    def _ended_from_outside(self) -> bool:
        """No submission can kill a strict box: its zygote leaves with code 1 or stays."""
        if self.isolation.level is not Level.STRICT or self._process is None:
            return False
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(1) != 1
        return False

    def _stop(self) -> None:
        if self._process is None:
            return
        self._control.close()
        if self.isolation.level is Level.STRICT:
            self._kill()
        try:
            self._process.wait(ANSWER_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._printed.close()
        if self._folder:  # where the zygote could not remove it itself
            with contextlib.suppress(RecursionError):  # folders nested without end
                shutil.rmtree(self._folder, ignore_errors=True)
        self._process, self._folder = None, ""

    def _kill(self) -> None:
        """Root's bubblewrap has no right to take the zygote, another user's, with it."""
        assert self._process is not None
        if self._process.poll() is None:
            pid = self._process.pid
            self._process.send_signal(signal.SIGSTOP)  # so that it starts no other one meanwhile
            with contextlib.suppress(OSError):
                children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
                for child in map(int, children):
                    os.kill(child, signal.SIGKILL)
            self._process.kill()


@contextlib.contextmanager
def _refusals() -> Iterator[None]:
    """What the system refuses us is no fault of the check that is running."""
    try:
        yield
    except (OSError, RuntimeError) as error:  # a thread that cannot start is a RuntimeError
        reason = getattr(error, "strerror", None) or str(error)
        raise GraderFault(f"the box could not be started: {reason}; {AGAIN}.") from error
