from grader.oracle import Mismatch


def check_items_are_numbers(submission):
    """Every answer is a number."""
    for item in submission:
        if not isinstance(submission[item], int):
            raise Mismatch(f"{item}: no number yet")
