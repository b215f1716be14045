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
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgpack

from grader import bubblewrap
from grader.model import GraderFault, Isolation, Level, Limits, UsageError

START_S = 120
ANSWER_S = 10
PIPE, PIPES = 1 << 16, 16
"""Bytes that a pipe holds; how often that, where somebody enlarged it to the kernel's limit."""
DETAILS = {
    Level.STRICT: "bubblewrap, seccomp, own namespaces, no network, read-only files",
    Level.CONTAINER: "a container around the grader, resource limits inside",
    Level.BASIC: "resource limits only; the submission can read this machine's files",
}


def isolation(wanted: Level | None = None) -> Isolation:
    """The level in force: the best that this machine offers, or exactly the one asked for.

    Raises: UsageError if the level asked for cannot be had.
    """
    why_not_strict = bubblewrap.refusal() if wanted in (None, Level.STRICT) else ""
    if wanted is Level.STRICT and why_not_strict:
        raise UsageError(f"the strict box cannot be had: {why_not_strict}.")
    if wanted is Level.CONTAINER and not in_container():
        raise UsageError("this is no docker or podman container; see `grade doctor`.")
    if wanted is None:
        fallback = Level.CONTAINER if in_container() else Level.BASIC
        wanted = fallback if why_not_strict else Level.STRICT
    return Isolation(level=wanted, detail=DETAILS[wanted])


def in_container() -> bool:
    """Whether docker or podman started us, by the marks that they leave."""
    return any(Path(mark).exists() for mark in ("/.dockerenv", "/run/.containerenv"))


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
    """A warm worker tree for one submission. Use it as a context manager."""

    def __init__(self, isolation: Isolation, limits: Limits, *, trains: bool = False) -> None:
        self.isolation = isolation
        self.limits = limits
        self.trains = trains
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = False
        self._running = False

    def __enter__(self) -> Box:
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    @contextlib.contextmanager
    def run(self, limits: Limits | None = None, seed: int = 0) -> Iterator[Run]:
        """Fork a child with its own limits. Raises: GraderFault if the box does not start."""
        if self._running:
            raise GraderFault("a check opened the submission twice at once; close the first.")
        limits = limits or self.limits
        self._await_ready()
        self._running = True
        ours, theirs = socket.socketpair()
        order = {"op": "fork", "seed": seed, **limits.model_dump()}
        socket.send_fds(self._control, [msgpack.packb(order)], [theirs.fileno()])
        theirs.close()
        run = Run(ours, limits)
        try:
            yield run
        finally:
            # Closed last: a process that still lives is then seen as killed, not as gone by itself.
            run.facts = self._end()
            ours.close()
            self._running = False

    def _start(self) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.settimeout(START_S)
        self._folder = tempfile.mkdtemp(prefix="grader-")
        try:
            self._process = self._spawn(theirs)
            self._printed = Printed(self._process, self.limits.output_kb << 10)
        except BaseException:  # Ctrl-C; what was spawned leaves when its control socket closes
            self._control.close()
            shutil.rmtree(self._folder, ignore_errors=True)
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
                cwd=self._folder,
                env=bubblewrap.ENVIRONMENT | {"PATH": os.environ.get("PATH", os.defpath)},
                start_new_session=True,
            )

    def _filter(self) -> bytes:
        return bubblewrap.seccomp_program() if self.isolation.level is Level.STRICT else b""

    def _command(self, control_fd: int, filter_fd: int) -> list[str]:
        strict = self.isolation.level is Level.STRICT
        outer = bubblewrap.command(self.limits, filter_fd) if strict else []
        home = bubblewrap.INSIDE if strict else str(bubblewrap.PACKAGE.parent)
        program = (
            f"import sys; sys.path.insert(0, {home!r}); from grader import zygote; zygote.main()"
        )
        mode = "trains" if self.trains else "plain"
        return [*outer, sys.executable, "-s", "-P", "-c", program, str(control_fd), mode]

    def _await_ready(self) -> None:
        if self._process is None or self._process.poll() is not None:
            self._stop()
            self._start()
        if not self._ready:
            self._tell()
            self._ready = True
            self._control.settimeout(ANSWER_S)

    def _tell(self) -> dict[str, Any]:
        """One message of the zygote. Raises: GraderFault if it is gone or silent."""
        try:
            message = self._control.recv(1 << 16)
        except OSError:
            message = b""
        if not message:
            last = self._printed.take().strip().splitlines()[-1:]
            self._stop()
            raise GraderFault(
                f"the box ended unexpectedly ({last[0] if last else 'no message'}); "
                "run `grade doctor` to see what this machine refuses."
            )
        answer: dict[str, Any] = msgpack.unpackb(message)
        return answer

    def _end(self) -> Facts:
        try:
            self._control.send(msgpack.packb({"op": "end"}))
            end = self._tell()
        except (GraderFault, OSError):
            # The submission took the whole box down, or left what cannot be cleaned.
            self._stop()
            end = {"signal": signal.SIGKILL, "exit": 0, "over_memory": False}
            end |= {"cpu_s": 0.0, "peak_mb": 0.0}
        return Facts(printed=self._printed.take(), **end)

    def _stop(self) -> None:
        if self._process is None:
            return
        self._control.close()
        with contextlib.suppress(ProcessLookupError):
            if self.isolation.level is Level.STRICT:
                self._process.kill()
        try:
            self._process.wait(ANSWER_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._printed.close()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._process = None


class Printed:
    """Reads what the submission prints, keeps the beginning and throws the rest away."""

    def __init__(self, process: subprocess.Popen[bytes], keep: int) -> None:
        assert process.stdout is not None
        self._pipe = process.stdout
        self._keep = keep
        self._lock = threading.Lock()
        self._text = bytearray()
        os.set_blocking(self._pipe.fileno(), False)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        poll = select.poll()
        poll.register(self._pipe, select.POLLIN)
        with contextlib.suppress(OSError, ValueError):
            while poll.poll() and self._pull() != b"":
                pass

    def _pull(self) -> bytes | None:
        """Read once: empty at the end, None if there is nothing now."""
        with self._lock:
            try:
                chunk = os.read(self._pipe.fileno(), PIPE)
            except BlockingIOError:
                return None
            self._text += chunk[: self._keep - len(self._text)]
            return chunk

    def take(self) -> str:
        """What was printed since the last call, to the last byte once its writers are dead."""
        with contextlib.suppress(OSError, ValueError):
            for _ in range(PIPES):
                if not self._pull():
                    break
        with self._lock:
            text, self._text = bytes(self._text), bytearray()
        return text.decode(errors="replace")

    def close(self) -> None:
        self._thread.join(1)
        self._pipe.close()
