from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from grader.bulk.exports import handed, text
from grader.model import UsageError


@pytest.fixture
def given(tmp_path):
    """Make files, or folders where the name ends in `/`, and list who handed in what."""

    def make(*names, **contents):
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.mkdir() if name.endswith("/") else path.write_text("")
        for name, content in contents.items():
            (tmp_path / f"{name}.yml").write_text(content, "utf-8")
        return [
            (each.learner, {str(name): path.name for name, path in each.things.items()})
            for each in handed(tmp_path)
        ]

    return make


def test_a_learner_is_a_folder_or_an_archive(given):
    assert given("ada/", "bob.zip", "README.txt", ".DS_Store", "__MACOSX/") == [
        ("ada", {".": "ada"}),
        ("bob", {".": "bob.zip"}),
    ]


def test_who_comes_twice_is_given_twice(given):
    assert [learner for learner, _ in given("ada/", "ada.zip")] == ["ada", "ada"]


def test_names_in_any_script_are_compared_in_one_form(given):
    assert text("Žofia") == text("Z\u030cofia")
    names = ["李雷", "Žofia", "علي", "Łukasz Żółć"]
    assert {learner for learner, _ in given(*(f"{name}/" for name in names))} == set(names)
    assert text("a\udcffb") == "a\ufffdb"


def test_canvas_names_are_read_and_the_last_resubmission_counts(given):
    found = given(
        "doejane_LATE_12345_67890_softmax-1.py",
        "doejane_12345_67000_softmax.py",
        "doejane_12345_67891_softmax-10.py",
        "doejane_12345_67892_sums.yaml",
        "doejane_777_1_softmax.py",
        "roe_8_9_my_work.zip",
    )
    assert found == [
        (
            "doejane_12345",
            {
                "softmax.py": "doejane_12345_67891_softmax-10.py",
                "sums.yaml": "doejane_12345_67892_sums.yaml",
            },
        ),
        ("doejane_777", {"softmax.py": "doejane_777_1_softmax.py"}),
        ("roe_8", {"my_work.zip": "roe_8_9_my_work.zip"}),
    ]


def test_moodle_folders_are_read_and_typed_texts_passed_over(given):
    assert given(
        "Ada Lovelace_123456_assignsubmission_file/",
        "Ada Lovelace_123456_assignsubmission_onlinetext/",
        "Bo Li_7_assignsubmission_file_/",
    ) == [
        ("Ada Lovelace_123456", {".": "Ada Lovelace_123456_assignsubmission_file"}),
        ("Bo Li_7", {".": "Bo Li_7_assignsubmission_file_"}),
    ]


METADATA = """
submission_1:
  :submitters:
  - :name: Ada Lovelace
    :sid: '00123'
    :email: ada@example.org
  :created_at: !ruby/object:ActiveSupport::TimeWithZone
    utc: 2026-11-20 14:03:11.000000000 Z
  :score: 3.0
submission_2:
  :submitters:
  - :name: Žofia
    :sid:
    :email: zofia@example.org
  - :name: No
submission_3:
  :submitters: []
submission_5:
  :submitters:
  - :sid: ''
"""


def test_gradescope_says_whose_a_folder_is_and_a_group_is_everybody_in_it(given):
    folders = [f"submission_{n}/" for n in (1, 2, 3, 4, 5)]
    assert [learner for learner, _ in given(*folders, submission_metadata=METADATA)] == [
        *("00123", "zofia@example.org", "No", "submission_3", "submission_4", "submission_5"),
    ]


@pytest.mark.parametrize(
    "content",
    ["[", "- a", "a: b", "a: {':submitters': 3}", "a: !!python/object:os.system {}", "\0"],
)
def test_a_broken_list_of_names_is_refused_as_a_whole(given, content):
    with pytest.raises(UsageError, match=r"^submission_metadata.yml is no list of submissions"):
        given("submission_1/", submission_metadata=content)


def test_a_folder_that_is_not_there_is_wrong_usage(tmp_path):
    with pytest.raises(UsageError, match=r"^gone cannot be read: No such file or directory"):
        list(handed(tmp_path / "gone"))


def test_a_canvas_name_keeps_the_folder_out_of_it(given):
    ((_, things),) = given("doe_1_2_softmax.py")
    assert [PurePosixPath(name).name for name in things] == ["softmax.py"]


TIMES = """
submission_1:
  :submitters:
  - :name: Ada
  :created_at: !ruby/object:ActiveSupport::TimeWithZone
    utc: 2026-11-20 14:03:11.000000000 Z
    zone: &1 !ruby/object:ActiveSupport::TimeZone
      name: America/New_York
    time: 2026-11-20 09:03:11.000000000 Z
submission_2:
  :submitters:
  - :name: Bob
  :created_at: 2026-11-20 15:00:00.500000000 Z
submission_3:
  :submitters:
  - :name: Eve
"""


def test_gradescope_says_when_and_what_it_does_not_say_is_not_known(given, tmp_path):
    given("submission_1/", "submission_2/", "submission_3/", submission_metadata=TIMES)
    assert {each.learner: each.at for each in handed(tmp_path)} == {
        "Ada": "2026-11-20 14:03:11.000000000 Z",
        "Bob": "2026-11-20 15:00:00.500000000 Z",
        "Eve": "",
    }
