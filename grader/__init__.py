"""An auto-graded exercise and exam harness for deep learning with PyTorch."""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"


def load_ipython_extension(shell: Any) -> None:
    """Called by `%load_ext grader`: offers `%grade` and `%hint`."""
    from grader import magic

    magic.load_ipython_extension(shell)
