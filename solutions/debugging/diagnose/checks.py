import pytest

from grader.oracle import legal, refused, weight

ITEMS = ["r1", "r2", "r3", "r4", "r5"]
BAR = 0.7
ADVICE = {
    "first_check": "choose what is cheap, destroys nothing, and tells this cause from the next one",
    "evidence": "look for the row that another cause could not have written",
    "fix": "mend the cause, and not the symptom",
    "rules_out": "ask what you would see if your first cause were not the one",
}


@weight(3)
@pytest.mark.parametrize("item", ITEMS)
def check_causes(submission, questions, item):
    """{item}: the true cause stands high, and none that the log rules out."""
    causes = filled(submission, questions, item, "causes")
    score = questions[item].score(causes)
    if score < BAR:
        message = f"{item}: your ranking is worth {score:.2f} of 1, and {BAR} is asked for"
        step = "say for each cause which row speaks for it and which against it"
        raise refused(submission, item, message, step)


@pytest.mark.parametrize("field", ADVICE)
@pytest.mark.parametrize("item", ITEMS)
def check_field(submission, questions, item, field):
    """{item}: {field} fits the true cause."""
    run, mine = questions[item], filled(submission, questions, item, field)
    right = run.clues if field == "evidence" else getattr(run, field)
    if mine not in right:
        raise refused(submission, item, f"{item}: {field} {mine} does not fit", ADVICE[field])


def filled(submission, questions, item, field):
    value = legal(submission, questions, item)[field]
    if value is None:
        raise refused(submission, item, f"{item}: {field} is left blank")
    return value
