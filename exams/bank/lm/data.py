"""Text in a made-up language: words of two to five letters, and what word may follow what."""

import torch

LETTERS, WORDS, FOLLOWERS = 20, 40, 3


def draw(seed):
    """What the script gets, and what the grader keeps to measure it with.

    Each text is (n,) int64 ids below `vocab`; 0 is the space between words.
    """
    g = torch.Generator().manual_seed(seed)

    def pick(high, n):
        return torch.randint(0, high, (n,), generator=g).tolist()

    words = [[1 + letter for letter in pick(LETTERS, 2 + i % 4)] for i in range(WORDS)]
    follow = [torch.randperm(WORDS, generator=g)[:FOLLOWERS].tolist() for _ in words]

    def write(n):
        word, text = 0, []
        for turn in pick(FOLLOWERS, n):
            word = follow[word][turn]
            text += [*words[word], 0]
        return torch.tensor(text)

    given = {"text": write(6000), "text_val": write(800), "vocab": LETTERS + 1}
    return given, {"text": write(2000)}
