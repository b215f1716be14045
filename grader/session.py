"""pytest over check files, with nothing of this machine's user: no plugins, settings or caches."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock
from warnings import catch_warnings, simplefilter

import pytest
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

from grader.model import GraderFault

gc.freeze()  # modules stay; to search them for garbage again and again takes a tenth of a grading
OPTIONS = [
    *("--capture=no", "--assert=plain", "--noconftest", "--import-mode=importlib"),
    *("--disable-plugin-autoload", "-p", "_hypothesis_pytestplugin", "-c", "/dev/null"),
    *("-p", "no:cacheprovider", "-p", "no:terminal", "-p", "no:warnings", "-p", "no:logging"),
    # Their full garbage collections take longer than most checks.
    *("-p", "no:unraisableexception", "-p", "no:threadexception"),
    *("-o", "python_files=*.py", "-o", "python_functions=check_*"),
    "--continue-on-collection-errors",
]


def run(root: Path, files: list[Path], plugins: list[object]) -> None:
    """Run the checks of these files; what came of them, the plugins know.

    Raises: GraderFault if pytest itself failed.
    """
    arguments = [*OPTIONS, f"--rootdir={root}", *map(str, files)]
    with _without_settings_of_the_user(), _without_local_constants(), catch_warnings():
        simplefilter("ignore")  # a learner cannot act on what pytest's own plugins warn of
        code = pytest.main(arguments, plugins=[*plugins, _NoSource()])
    run_now = set(map(str, files))
    for name in [n for n, m in sys.modules.items() if _file(m) in run_now]:
        del sys.modules[name]
    if code in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERNAL_ERROR):
        raise GraderFault(f"pytest ended with code {int(code)} on {files[-1].parent.name}.")


class _NoSource:
    """A plugin: to show the source of a traceback, every file in it is parsed; it takes long."""

    def pytest_configure(self, config: pytest.Config) -> None:
        config.option.tbstyle = "no"


def _without_local_constants() -> AbstractContextManager[Any]:
    """hypothesis also draws numbers that it finds in local source files, and caches them there.

    Then the same seed would draw differently where other modules are loaded.
    """
    return mock.patch.object(providers, "_get_local_constants", Constants, create=True)


def _file(module: Any) -> str:
    return str(getattr(module, "__file__", ""))


@contextmanager
def _without_settings_of_the_user() -> Iterator[None]:
    """PYTEST_ADDOPTS and PYTEST_PLUGINS are meant for the user's own tests, not for grading."""
    names = [name for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS") if name in os.environ]
    kept = {name: os.environ.pop(name) for name in names}
    try:
        yield
    finally:
        os.environ.update(kept)
