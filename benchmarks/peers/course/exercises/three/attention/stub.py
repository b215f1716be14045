"""Attention."""


def attention(q, k, v, mask=None):
    """softmax(q k^T / sqrt(d)) v.

    Shapes: q (..., Tq, d), k (..., Tk, d), v (..., Tk, dv); mask bool, broadcasts to (..., Tq, Tk),
    True = may read. A query that may read nothing gets zeros.
    """
    raise NotImplementedError("attention: your code goes here")
