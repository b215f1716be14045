"""Read nbgrader's marks: python nbgrader_marks.py GRADEBOOK.db ASSIGNMENT MARKS.json."""

import json
import sys
from pathlib import Path

from nbgrader.api import Gradebook


def main() -> None:
    """Write {learner: {check: passed}}."""
    database, assignment, target = sys.argv[1:]
    with Gradebook(f"sqlite:///{Path(database).resolve()}") as book:
        marks = {
            submission.student.id: {
                grade.name.replace("-", "."): grade.auto_score == grade.max_score
                for notebook in submission.notebooks
                for grade in notebook.grades
            }
            for submission in book.assignment_submissions(assignment)
        }
    Path(target).write_text(json.dumps(marks))


if __name__ == "__main__":
    main()
