from pathlib import Path

import pytest

from grader.bank.repairs import Scripts

SCRIPTS = Scripts(Path(__file__).parent)


def check_sheet(submission):
    """diagnosis.yaml can be read, and every id in it is one of causes.md."""
    SCRIPTS.check_sheet(submission)


@pytest.mark.parametrize("item", SCRIPTS.names)
def check_training(fresh, record, item):
    """{item} trains to its end on the data of its log, with finite losses."""
    SCRIPTS.check_training(item, fresh, record)
