from __future__ import annotations

import os
import zipfile

import pytest
from conftest import COURSE

from grader import catalogue, notebook
from grader.bulk import intake
from grader.model import UsageError

GOOD = "def softmax(x, dim=-1): ...\n"


@pytest.fixture(scope="module")
def course():
    return catalogue.load(COURSE)


@pytest.fixture
def given(tmp_path, course):
    """Write files, `name.zip` from a dict, and read the class: works as rows, troubles."""

    def make(files, **options):
        for name, content in files.items():
            path = tmp_path / "class" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, dict):
                with zipfile.ZipFile(path, "w") as packed:
                    for member, text in content.items():
                        packed.writestr(member, text)
            else:
                path.write_bytes(content.encode() if isinstance(content, str) else content)
        found = intake.read_class(tmp_path / "class", course, **options)
        works = [(each.learner, each.exercise.slug, str(each.file.name)) for each in found.works]
        return works, [tuple(each) for each in found.troubles]

    return make


def test_a_file_is_for_the_exercise_of_its_name_or_of_its_folder(given):
    works, troubles = given(
        {
            "ada/basics/softmax.py": GOOD,
            "ada/sums.yaml": "a: 1",
            "bob/softmax/main.py": GOOD,
            "bob/notes.txt": "hello",
            "eve.zip": {"work/softmax.py": GOOD},
            "李雷/my.zip": {"softmax.py": GOOD},
        }
    )
    assert works == [
        ("ada", "softmax", "basics/softmax.py"),
        ("bob", "softmax", "softmax/main.py"),
        ("eve", "softmax", "work/softmax.py"),
        ("李雷", "softmax", "my/softmax.py"),
        ("ada", "sums", "sums.yaml"),
    ]
    assert troubles == []


def test_a_notebook_is_handed_in_like_a_file(given, tmp_path):
    works, _ = given({"ada/softmax.ipynb": notebook.write("softmax", "Task", GOOD)})
    assert works == [("ada", "softmax", "softmax.ipynb")]
    path = tmp_path / "class/ada/softmax.ipynb"
    assert intake.read(intake.File(intake.PurePosixPath(path.name), path)).content == GOOD.encode()


def test_the_sha256_is_that_of_what_is_graded(given, course, tmp_path):
    given({"ada.zip": {"softmax.py": GOOD}, "bob/softmax.py": GOOD})
    found = intake.read_class(tmp_path / "class", course).works
    assert found[0].sha256 == found[1].sha256 == intake.read(found[0].file).sha256


def test_of_several_files_the_one_of_that_name_and_in_fewer_folders_is_graded(given):
    works, troubles = given(
        {
            "ada/softmax.py": GOOD,
            "ada/old/softmax.py": "old",
            "ada/softmax/main.py": "other",
            "ada/.grader/kept/softmax.py": "older",
        }
    )
    assert works == [("ada", "softmax", "softmax.py")]
    assert troubles == []


def test_two_that_are_as_good_are_refused_unless_they_are_alike(given):
    works, troubles = given(
        {
            "ada/a/softmax.py": GOOD,
            "ada/b/softmax.py": "other",
            "bob/a/softmax.py": GOOD,
            "bob/b/softmax.py": GOOD,
        }
    )
    assert works == [("bob", "softmax", "a/softmax.py")]
    assert troubles == [("ada", "a/softmax.py and b/softmax.py are both for softmax; keep one.")]


def test_the_trouble_of_one_learner_leaves_the_others_alone(given):
    encrypted = b"PK\3\4" + bytes(40)
    works, troubles = given(
        {
            "ada/softmax.py": GOOD,
            "broken.zip": encrypted,
            "large/softmax.py": b"#" * (1 << 20) + b"!",
            "none/readme.txt": "?",
            "twice/softmax.py": GOOD,
            "twice.zip": {"softmax.py": GOOD},
            "half/softmax.py": GOOD,
            "half/more.zip": "no zip",
            "command/softmax.ipynb": notebook.write("softmax", "Task", "!ls\n"),
        }
    )
    assert [work[0] for work in works] == ["ada", "half"]
    assert {learner for learner, _ in troubles} == {
        *("broken", "large", "none", "twice", "half", "command"),
    }
    said = dict(troubles)
    assert said["twice"] == "handed in 2 times; keep one: twice, twice.zip."
    assert said["none"].startswith("no file is for an exercise by its name")
    assert said["broken"].startswith("broken.zip is no whole zip archive")
    assert said["large"].startswith("softmax.py has 1.0 MB")
    assert "is a notebook command" in said["command"]


def test_names_that_lead_elsewhere_lead_nowhere(given, tmp_path):
    works, _ = given(
        {
            "ada.zip": {"../../../etc/softmax.py": GOOD},
            "bob.zip": {"/etc/softmax.py": GOOD},
            "eve.zip": {"C:\\work\\softmax.py": GOOD},
        }
    )
    assert works == [
        ("ada", "softmax", "etc/softmax.py"),
        ("bob", "softmax", "etc/softmax.py"),
        ("eve", "softmax", "C:/work/softmax.py"),
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["class"]


def test_links_are_not_followed(given, tmp_path):
    (tmp_path / "secret.py").write_text(GOOD)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/softmax.py").write_text(GOOD)
    for name in ("ada", "bob", "eve"):
        (tmp_path / "class" / name).mkdir(parents=True)
    (tmp_path / "class/ada/softmax.py").symlink_to(tmp_path / "secret.py")
    (tmp_path / "class/bob/work").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "class/zoe").symlink_to(tmp_path / "elsewhere")
    works, troubles = given({"eve/sums.yaml": "a: 1"})
    assert [work[0] for work in works] == ["eve"]
    assert dict(troubles)["ada"] == "softmax.py is a link; hand in the file itself."
    assert dict(troubles)["zoe"] == "zoe is a link; put the folder itself there."
    assert {learner for learner, _ in troubles} == {"ada", "bob", "zoe"}


def test_a_pipe_is_no_file_and_holds_nobody_up(given, tmp_path):
    (tmp_path / "class/ada").mkdir(parents=True)
    os.mkfifo(tmp_path / "class/ada/softmax.py")
    assert given({})[1] == [("ada", "softmax.py is no regular file; a file is needed here.")]


def test_a_learner_with_too_many_files_is_refused(given, monkeypatch):
    monkeypatch.setattr(intake, "MOST_FILES", 3)
    _, troubles = given({f"ada/{n}.txt": "" for n in range(4)})
    assert troubles == [("ada", "more than 3 files; hand in fewer.")]


def test_an_empty_folder_is_wrong_usage(given, tmp_path):
    (tmp_path / "class").mkdir()
    with pytest.raises(UsageError, match=r"^class holds no submissions; name a folder with"):
        given({})


def test_only_the_learners_asked_for_are_read(given):
    works, troubles = given(
        {"ada/softmax.py": GOOD, "bob/softmax.py": GOOD, "eve/x.txt": ""},
        takes=lambda learner: learner == "bob",
    )
    assert [work[0] for work in works] == ["bob"]
    assert troubles == []
