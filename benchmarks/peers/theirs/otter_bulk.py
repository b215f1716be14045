"""Grade notebooks with otter-grader in one warm process, by its programming interface.

python otter_bulk.py AUTOGRADER.zip MARKS.json NOTEBOOK...

`otter grade` does the same inside a new docker container for each notebook, which costs more.
"""

import json
import sys
from pathlib import Path

from otter.api import grade_submission


def main() -> None:
    """Write {learner: {check: passed}}."""
    archive, target, *notebooks = map(Path, sys.argv[1:])
    marks = {}
    for notebook in notebooks:
        results = grade_submission(str(notebook.resolve()), str(archive.resolve()), quiet=True)
        marks[notebook.stem] = {
            f"{exercise}.{case.test_case.name}": case.passed
            for exercise, found in results.results.items()
            for case in found.test_case_results
        }
    target.write_text(json.dumps(marks))


if __name__ == "__main__":
    main()
