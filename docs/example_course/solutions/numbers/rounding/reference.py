"""The right answers, as one would find them by hand: the gap, the multiple below, then nearest."""

DIGITS = 24


def answer(question):
    first = 2**question.power
    x = first
    for term in question.terms:
        x = nearest(x + term)
    return x - first


def nearest(exact):
    """The float32 that is nearest to a whole number; of two as near, the even multiple."""
    gap = 2 ** (exact.bit_length() - DIGITS)
    below = exact // gap * gap
    rest = exact - below
    up = rest > gap // 2 or (rest == gap // 2 and below // gap % 2 == 1)
    return below + gap if up else below
