def check_zero(submission):
    """double(0) is 0."""
    assert submission.double(0) == 0
