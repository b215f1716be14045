"""Short reviews from a small grammar, whose feeling hangs on an adjective and on a negation.

"the food was not bad" is a good review. Each adjective stands as often in good reviews as in bad
ones, and so does each negation: no count of words tells the two apart.
"""

from __future__ import annotations

import random
from typing import NamedTuple

GOOD = "good great lovely excellent pleasant superb wonderful charming brilliant delightful".split()
BAD = "bad awful horrible terrible dreadful poor nasty ugly boring disappointing".split()
THINGS = "film meal room hotel book song show trip garden phone lamp coat teacher concert".split()
ADVERBS = ["", "really ", "very ", "quite ", "truly "]
SEEN = (
    ("the {n} was {v}{a}", "the {n} was not {v}{a}"),
    ("i think that the {n} is {v}{a}", "i do not think that the {n} is {v}{a}"),
    ("for me the {n} looked {v}{a}", "for me the {n} never looked {v}{a}"),
    ("everybody called the {n} {v}{a}", "nobody called the {n} {v}{a}"),
)
UNSEEN = (
    ("i think the {n} looked {v}{a}", "i think the {n} never looked {v}{a}"),
    ("everybody said that the {n} was {v}{a}", "nobody said that the {n} was {v}{a}"),
    ("the {n} is {v}{a} , i think", "the {n} is not {v}{a} , i think"),
)


class Reviews(NamedTuple):
    """Texts and their labels, 1 where the review is good and 0 where it is bad."""

    texts: list[str]
    labels: list[int]


def reviews(
    seed: int,
    n: int,
    *,
    frames: tuple[tuple[str, str], ...] = SEEN,
    words: slice = slice(None),
    negated: float = 0.5,
) -> Reviews:
    """Draw `n` reviews, half of them good.

    Args:
        frames   SEEN or UNSEEN, the sentences around the adjectives; they share their words
        words    which of the good and of the bad adjectives
        negated  the share of reviews with a negation
    """
    rng = random.Random(seed)
    rows = []
    for i in range(n):
        label, negation = i % 2, rng.random() < negated
        adjective = rng.choice((GOOD if label != negation else BAD)[words])
        frame = rng.choice(frames)[negation]
        text = frame.format(n=rng.choice(THINGS), v=rng.choice(ADVERBS), a=adjective)
        rows.append((text, label))
    rng.shuffle(rows)
    return Reviews([text for text, _ in rows], [label for _, label in rows])
