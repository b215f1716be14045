"""What a box prints: read all the time, so that nobody waits, and kept up to a limit."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import threading

PIPE, PIPES = 1 << 16, 16
"""Bytes that a pipe holds; how often that, where somebody enlarged it to the kernel's limit."""


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
