def check_zero(submission):
    """half(0) is 0."""
    assert submission.half(0) == 0
