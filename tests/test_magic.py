from __future__ import annotations

from conftest import COURSE

import grader
from grader import catalogue, workspace


class Shell:
    """What a kernel offers to an extension."""

    def __init__(self):
        self.magics = {}

    def register_magic_function(self, function, kind, name):
        assert kind == "line" and function.__doc__
        self.magics[name] = function


def test_the_magics_print_what_the_command_line_says(tmp_path, monkeypatch, capsys):
    workspace.init(tmp_path, COURSE, catalogue.load(COURSE), as_notebooks=True)
    monkeypatch.chdir(tmp_path / "basics")
    (tmp_path / "basics" / "torch.py").write_text("raise SystemExit('shadowed')")
    shell = Shell()
    grader.load_ipython_extension(shell)
    shell.magics["grade"]("softmax")
    assert "softmax: NOT PASSED" in capsys.readouterr().out
    shell.magics["hint"]("softmax")
    assert capsys.readouterr().out.startswith("Hint 1 of 3")
    shell.magics["grade"]("no_such_exercise")
    assert "no exercise named `no_such_exercise`" in capsys.readouterr().out
