import pytest

from grader.oracle import answered, refused

CURVES = [f"c{i:02}" for i in range(1, 11)]
NUMBERS = [f"{run}_{name}" for run in ("r1", "r2", "r3") for name in ("best", "gap", "stop")]
ADVICE = {
    "best": "look for the smallest validation loss",
    "gap": "take validation minus training, both after the last epoch",
    "stop": "count the epochs in a row without a new smallest validation loss",
}


@pytest.mark.parametrize("item", CURVES)
def check_what(submission, questions, item):
    """Curve {item}: the diagnosis is right."""
    mine = answered(submission, questions, f"{item}_what")
    if not questions[f"{item}_what"].agrees(mine):
        raise refused(
            submission,
            f"{item}_what",
            f"{item} is not {mine}",
            "does training fall, where is validation beside it, and how were they measured?",
        )


@pytest.mark.parametrize("item", CURVES)
def check_next(submission, questions, item):
    """Curve {item}: the next action fits a right diagnosis."""
    what = answered(submission, questions, f"{item}_what")
    mine = answered(submission, questions, f"{item}_next")
    if not questions[f"{item}_next"].agrees(mine):
        raise refused(
            submission,
            f"{item}_next",
            f"{mine} does not help {item}",
            "ask what this would change: the fit to the training rows, the gap, or neither",
        )
    if not questions[f"{item}_what"].agrees(what):
        message = f"{mine} counts only beside the right diagnosis, and {item} is not {what}"
        raise refused(submission, f"{item}_next", message, "settle `what` first")


@pytest.mark.parametrize("item", NUMBERS)
def check_number(submission, questions, item):
    """{item} is right."""
    mine = answered(submission, questions, item)
    if not questions[item].agrees(mine):
        message = f"{item}: {mine:g} is not right"
        raise refused(submission, item, message, ADVICE[item.split("_")[1]])
