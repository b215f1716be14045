def check_one(submission):
    """half(1) is 0.5."""
    assert submission.half(1) == 0.5


def check_negative(submission):
    """half(-4) is 0.5 times -4."""
    assert submission.half(-4) == 0.5 * -4
