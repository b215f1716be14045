def check_nothing(submission):
    """All is well."""
