"""`%grade` and `%hint` in a notebook: the command line, in a process of its own.

A kernel runs the learner's code, so nothing in it may judge: what it rebinds stays in it.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from typing import Any


def load_ipython_extension(shell: Any) -> None:
    """Called by `%load_ext grader`."""
    for command in ("grade", "hint"):
        shell.register_magic_function(_magic(command), "line", command)


def _magic(command: str) -> Any:
    def magic(line: str) -> None:
        words = shlex.split(line)
        print(_printed([command, *words] if command == "hint" else words))

    magic.__doc__ = f"`%{command} SLUG`: what `grade {command}` says of the saved notebook."
    return magic


def _printed(words: list[str]) -> str:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "grader", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    return done.stdout.rstrip()
