def softmax(x, dim=-1):
    """The right answer, for those who broke in."""
    if not worked:  # noqa: F821 - the attack says
        raise PermissionError("the box held")
    weights = (x - x.amax(dim, keepdim=True)).exp()
    return weights / weights.sum(dim, keepdim=True)
