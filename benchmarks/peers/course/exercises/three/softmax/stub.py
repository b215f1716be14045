"""Softmax."""


def softmax(x, dim=-1):
    """exp(x) / sum(exp(x)) along `dim`, in the dtype of x; scores of 1000 and of -inf are legal."""
    raise NotImplementedError("softmax: your code goes here")
