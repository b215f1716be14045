from __future__ import annotations

import os
import subprocess
import sys

import pytest
import sample_folder
from conftest import COURSE

from grader import catalogue, notebook
from grader.bulk import similar
from grader.bulk.intake import read_class
from grader.model import UsageError

COURSE_SOFTMAX = COURSE / "solutions/basics/softmax"
OWN = '''
from torch import Tensor

def softmax(x: Tensor, dim: int = -1) -> Tensor:
    """By a loop."""
    largest = None
    for index in range(x.shape[dim]):
        row = x.select(dim, index)
        largest = row if largest is None else largest.maximum(row)
    powers = [(x.select(dim, i) - largest).exp() for i in range(x.shape[dim])]
    total = sum(powers[1:], powers[0])
    return __import__("torch").stack([each / total for each in powers], dim=dim)
'''
RENAMED = '''# all of this is mine
from torch import Tensor

def softmax(scores: Tensor, axis: int = -1) -> Tensor:
    """Another text."""
    most = None
    for k in range(scores.shape[axis]):

        part = scores.select(axis, k)   # a comment
        most = part if most is None else most.maximum(part)
    e = [(scores.select(axis, j) - most).exp() for j in range(scores.shape[axis])]
    s = sum(e[1:], e[0])
    return __import__("torch").stack([p / s for p in e], dim=axis)
'''
OTHER = """
from torch import Tensor

class Shifted:
    def __init__(self, values: Tensor) -> None:
        self.values = values

    def along(self, axis: int) -> Tensor:
        moved = self.values.movedim(axis, 0)
        while moved.isinf().any():
            moved = moved.clamp(-1e30, 1e30)
        return (moved - moved.max(0).values).movedim(0, axis)

def softmax(x: Tensor, dim: int = -1) -> Tensor:
    y = Shifted(x).along(dim).exp()
    z = y.sum(dim=dim, keepdim=True)
    return y.div(z)
"""


@pytest.fixture
def handed_in(tmp_path):
    """Pairs among what is handed in: handed_in(ada=text, ...)."""

    def make(least=0.5, **texts):
        for learner, text in texts.items():
            name = "softmax.ipynb" if text.startswith("{") else "softmax.py"
            (tmp_path / learner).mkdir()
            (tmp_path / learner / name).write_text(text)
        given = read_class(tmp_path, catalogue.load(COURSE))
        found, troubles = similar.pairs(given.works, least)
        assert troubles == []
        return found

    return make


def test_a_copy_with_other_names_comments_and_layout_is_alike(handed_in):
    (found,) = handed_in(ada=OWN, bob=RENAMED, eve=OTHER)
    assert (found.one.learner, found.other.learner, found.one.task) == ("ada", "bob", "softmax")
    assert found.alike.share > 0.95


def test_what_is_marked_is_what_is_alike(handed_in):
    ((one, other, alike),) = handed_in(ada=OWN, bob=f"{RENAMED}\nprint('only mine')\n" * 1)
    for text, spans in ((one.text, alike.one), (other.text, alike.other)):
        marked = "".join(text[start:stop] for start, stop in spans)
        assert "maximum" in marked and "only mine" not in marked


def test_a_notebook_is_compared_with_a_file(handed_in):
    book = notebook.write("softmax", "Task", OWN)
    (found,) = handed_in(ada=book, bob=RENAMED)
    assert found.alike.share > 0.95


def test_stub_and_reference_are_nobodys(handed_in):
    reference = (COURSE_SOFTMAX / "reference.py").read_text()
    stub = (COURSE / "exercises/basics/softmax/stub.py").read_text()
    assert handed_in(0.0001, ada=reference, bob=reference, eve=stub, zoe=stub) == []


PROGRAM = """
import sys
from pathlib import Path
from grader import catalogue
from grader.bulk import similar
from grader.bulk.intake import read_class
given = read_class(Path(sys.argv[1]), catalogue.load(Path(sys.argv[2])))
print([tuple(pair.alike) for pair in similar.pairs(given.works, 0.01)[0]])
"""


def test_hashes_of_texts_differ_from_process_to_process_and_no_choice_rests_on_them(
    handed_in, tmp_path
):
    found = str([tuple(pair.alike) for pair in handed_in(0.01, ada=OWN, bob=RENAMED, eve=OTHER)])
    command = [sys.executable, "-c", PROGRAM, str(tmp_path), str(COURSE)]
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert found in done.stdout, done.stderr


def test_the_programs_of_folders_are_compared(tmp_path):
    course = catalogue.load(sample_folder.write(tmp_path / "course"))
    for learner, text in {"ada": OWN, "bo": RENAMED, "cy": sample_folder.PROGRAM}.items():
        place = tmp_path / "class" / learner / "twice/parts"
        place.mkdir(parents=True)
        (place / "program.py").write_text(text, "utf-8")
    found, troubles = similar.pairs(read_class(tmp_path / "class", course).works, 0.5)
    assert [(pair.one.learner, pair.other.learner) for pair in found] == [("ada", "bo")]
    assert not troubles


def test_without_copydetect_it_says_what_to_install(handed_in, monkeypatch):
    monkeypatch.setitem(sys.modules, "copydetect", None)
    with pytest.raises(UsageError, match=r"install it: pip install 'torch-grader\[similarity\]'"):
        handed_in(ada=OWN)
