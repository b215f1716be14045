import pytest

from grader.oracle import answered, refused

COUNTS = {"a": 8, "b": 6, "c": 5, "d": 5, "e": 6, "f": 1, "g": 3}
ITEMS = [f"{group}{i}" for group, count in COUNTS.items() for i in range(1, count + 1)]
NEXT = {
    "a": "ask what values one target may take, and how many targets one example has",
    "b": "sketch the curve: where does it flatten, where does it never learn again?",
    "c": "hold the design against the five rules of the task, one by one",
    "d": "put the numbers into the formula of its loss",
    "e": "what is special about the input: a grid, an order, a table, or nothing?",
    "f": "a dead unit is 0 for every input, so its weights never have a gradient",
    "g": "what does the loss apply by itself, and what is left for you?",
}


@pytest.mark.parametrize("item", ITEMS)
def check_item(submission, questions, item):
    """Item {item} is right."""
    question, mine = questions[item], answered(submission, questions, item)
    wrong = question.wrong(mine)
    if wrong:
        shown = ", ".join(f"{name}: {mine[name]}" for name in wrong)
        task = " ".join(question.shows.split())
        raise refused(submission, item, f"{task} -- not right: {shown}", NEXT[item[0]])
