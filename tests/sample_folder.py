"""A course of one exercise whose submission is a folder: a note, a number, a program."""

from pathlib import Path

NOTE = "# Doubling\n\nTwice a number is the number added to itself.\n"
PROGRAM = "def double(x):\n    return x + x\n"
FILES = {
    "exercises/course.yaml": "title: Folders\nunits: [{slug: basics, title: Basics}]\n",
    "exercises/basics/twice/exercise.yaml": """\
title: Twice
goal: Hand in a folder.
points: 10
rules: {forbid: [mul]}
""",
    "exercises/basics/twice/README.md": "# Twice\n\nWrite note.md, answer.yaml, program.py.\n",
    "exercises/basics/twice/examples.py": '''\
def check_note(submission):
    """There is a note."""
    assert submission.text("note.md").strip()
''',
    "exercises/basics/twice/stub/note.md": "",
    "exercises/basics/twice/stub/answer.yaml": "four:\n",
    "exercises/basics/twice/stub/parts/program.py": (
        'def double(x):\n    raise NotImplementedError("double")\n'
    ),
    "solutions/basics/twice/reference/note.md": NOTE,
    "solutions/basics/twice/reference/answer.yaml": "four: 4\n",
    "solutions/basics/twice/reference/parts/program.py": PROGRAM,
    "solutions/basics/twice/checks.py": '''\
def check_note(submission):
    """The note speaks of adding."""
    assert "added" in submission.text("note.md"), "the note does not speak of adding"


def check_number(submission):
    """Four is right."""
    assert submission.data("answer.yaml") == {"four": 4}, "four is another number"


def check_program(fresh):
    """The program doubles."""
    with fresh(file="parts/program.py") as program:
        got = program.double(3)
    assert got == 6, f"double(3) is {got}"
''',
    "solutions/basics/twice/hints.md": "## 1\n\nAdd.\n\n## 2\n\nTwice.\n\n## 3\n\nx + x\n",
    "solutions/basics/twice/mistakes/three.yaml": """\
says: You wrote five for four.
caught_by: check_number
edits: [{file: answer.yaml, old: "four: 4", new: "four: 5"}]
""",
    "solutions/basics/twice/mistakes/no_note.yaml": """\
says: You handed in no note.
caught_by: check_note
without: [note.md]
""",
    "solutions/basics/twice/mistakes/same.yaml": """\
says: You give back the number itself.
caught_by: check_program
edits: [{file: parts/program.py, old: x + x, new: x}]
""",
    "solutions/basics/twice/mistakes/by_mul.yaml": """\
says: You multiply by a function that is not allowed.
caught_by: rules
edits: [{file: parts/program.py, old: x + x, new: x.mul(2)}]
""",
}


def write(root: Path) -> Path:
    """The course below `root`."""
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return root
