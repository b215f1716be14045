"""Batches, padding, and splits that do not leak. Edit this file, then run `grade batches_splits`.

Conventions:
    indices   rows are numbered 0..n-1; tensors of indices are 1-D int64, in any order
    random    the same arguments give the same answer, in every call and every process: seed a
              `torch.Generator` (or numpy's) of your own, and draw from nothing else
    purity    no function changes its arguments

Not available here: `DataLoader`, its samplers, `random_split`, `train_test_split`,
`StandardScaler` and `pad_sequence`, since this exercise is what they do.
"""

from torch import Tensor


def batches(
    n: int,
    batch_size: int,
    shuffle: bool = False,
    drop_last: bool = False,
    seed: int = 0,
    epoch: int = 0,
) -> list[list[int]]:
    """The row numbers of each batch of one epoch, as lists of Python ints; [] for n = 0.

    Every row comes once. Without `shuffle` the rows come in order 0..n-1. With it, every order is
    equally likely, and two different pairs (seed, epoch), both numbers in 0..999, are shuffled
    independently of each other. The last batch may be smaller; then `drop_last` leaves it out.
    Raises: ValueError naming `batch_size` if that is below 1.
    """
    raise NotImplementedError("batches: your code goes here")


def pad_collate(seqs: list[Tensor], pad_id: int) -> tuple[Tensor, Tensor, Tensor]:
    """Sequences of unequal length as one batch: (ids, mask, lengths).

    seqs      B tensors (t_b,) int64, t_b >= 0
    ids       (B, T) int64, T the largest t_b; each row is its sequence, then pad_id
    mask      (B, T) bool, True where the token is real
    lengths   (B,) int64
    pad_id may occur inside a sequence as well; there it is a real token.
    Raises: ValueError naming `seqs` if the list is empty.
    """
    raise NotImplementedError("pad_collate: your code goes here")


def split(
    n: int,
    fractions: tuple[float, float, float],
    seed: int,
    groups: Tensor | None = None,
    y: Tensor | None = None,
) -> dict[str, Tensor]:
    """The rows of each part: {"train", "val", "test"} to index tensors, in the order of fractions.

    Every row is in exactly one part, drawn at random. A part may have no rows: then its tensor has
    the shape (0,). Sizes:
        plain     each part has fraction * n rows, up to 1 row
        y         (n,) int64 classes: the same for the rows of every class by itself, so each part
                  has fraction * (rows of the class) of them, up to 1
        groups    (n,) int64: rows of one group stay together, whatever their places; a part may
                  then miss fraction * n by up to the size of the largest group
    Raises: ValueError naming `fractions` if one is negative or their sum is not 1 (up to 1e-6),
        and naming `groups` if groups and y are both given.
    """
    raise NotImplementedError("split: your code goes here")


def scale_parts(X: Tensor, parts: dict[str, Tensor]) -> dict[str, Tensor]:
    """The rows of each part of X (n, D), standardised: (X[part] - mean) / std, by columns.

    mean and std (divide by the count, not the count - 1) come from the rows of parts["train"]
    alone. A column that is constant there is divided by 1 instead. dtype as X.
    """
    raise NotImplementedError("scale_parts: your code goes here")


def find_leaks(Xa: Tensor, Xb: Tensor) -> list[tuple[int, int]]:
    """All pairs (i, j) of Python ints with row Xa[i] equal to row Xb[j] in every column, sorted.

    Shapes: Xa (Na, D), Xb (Nb, D), D >= 1; Na or Nb may be 0.
    """
    raise NotImplementedError("find_leaks: your code goes here")
