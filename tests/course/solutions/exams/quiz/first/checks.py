def check_one(submission):
    """double(1) is 2."""
    assert submission.double(1) == 2


def check_negative(submission):
    """double(-4) is 2 times -4."""
    assert submission.double(-4) == 2 * -4
