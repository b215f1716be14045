"""Dropout both ways, early stopping, decay groups and the L2 penalty.

Conventions, for the whole file:
- p is the probability of *dropping* a value. Every value is drawn by itself.
- float32 stays float32, float64 stays float64, and shapes are kept. x may be a transposed view.
- No argument is changed in place, but for the `w` of `fit`.
- Gradients flow: through dropout to the values that stayed, and through the penalty.

Not available here: torch's own dropout, since you build it.
"""

import torch
from torch import Tensor


def inverted_dropout(
    x: Tensor, p: float, training: bool, generator: torch.Generator | None = None
) -> Tensor:
    """Dropout as torch does it: all of the scaling happens in training.

    training=True   each value becomes 0 with probability p, the others are divided by 1 - p
    training=False  x, unchanged
    Args: x (*), any shape; generator draws the mask, None means torch's own generator.
    Returns: like x.
    Raises: ValueError naming `p`, unless 0 <= p < 1, in training and outside.
    """
    raise NotImplementedError("inverted_dropout: your code goes here")


def classic_dropout(
    x: Tensor, p: float, training: bool, generator: torch.Generator | None = None
) -> Tensor:
    """Dropout as first published: all of the scaling happens outside training.

    training=True   each value becomes 0 with probability p, the others stay as they are
    training=False  x * (1 - p)
    Everything else as in `inverted_dropout`.
    """
    raise NotImplementedError("classic_dropout: your code goes here")


class EarlyStopping:
    """Watch one number, keep the best state, and say when to stop.

    A value improves on `best` if, in mode "min", value < best - min_delta, and, in mode "max",
    value > best + min_delta. A nan never improves.

    Args:
        patience   stop after this many updates in a row without improvement; at least 1
        min_delta  what an improvement must exceed; at least 0
        mode       "min" (a loss) or "max" (an accuracy)
    Attributes, which change at improvements only:
        best        the value of the last improvement; before the first, inf ("min") or -inf ("max")
        best_state  a copy of the state of that update; before the first, None
        best_step   the number of that update, counted from 0; before the first, None
    Raises: ValueError naming `patience` if it is below 1, `min_delta` if it is below 0, and `mode`
    if it is neither "min" nor "max".
    """

    def __init__(self, patience: int, min_delta: float = 0.0, mode: str = "min") -> None:
        raise NotImplementedError("EarlyStopping: your code goes here")

    def update(self, value: float, state: dict[str, Tensor]) -> bool:
        """Take note of a value; True means stop.

        True as soon as `patience` updates in a row have brought no improvement. An improvement
        starts the count anew, even after a True.
        state: tensors by name, as of now. They may change later; best_state must not.
        """
        raise NotImplementedError("EarlyStopping.update: your code goes here")


def fit(w: Tensor, updates: Tensor, values: list[float], stopper: EarlyStopping) -> int:
    """A training in small: walk, ask `stopper`, and end with the best weights in `w`.

    For each i: add updates[i] to `w` in place, as an optimiser would; then hand values[i] and the
    state {"w": w} to stopper.update, and stop where it says so. At the end copy the weights of
    the best update into `w`. At least one of the values is a finite number.
    Shapes: w (D,), updates (N, D), N values. Returns: the number of updates taken, an int.
    """
    raise NotImplementedError("fit: your code goes here")


def decay_groups(named_params: list[tuple[str, Tensor]], wd: float) -> list[dict]:
    """Parameter groups for torch.optim.AdamW: matrices and kernels decay, the rest does not.

    No decay for
        biases, gains of norms, scalars   everything with fewer than 2 dimensions
        embeddings                        one of the dotted parts of the name ends in "emb" or
                                          "embedding", as in "tok_emb.weight"
    Returns: always two dicts, the one that decays first, each with the keys
        names         list of str, in the order given
        params        list of Tensor, the parameters of these names
        weight_decay  wd, and 0.0 in the second
    """
    raise NotImplementedError("decay_groups: your code goes here")


def l2_penalty(*weights: Tensor, lam: float) -> Tensor:
    """lam times the sum of all squared weights, a tensor of shape (), to be added to a loss.

    Called as l2_penalty(W1, W2, lam=0.01), with one tensor or more, of any shapes.
    """
    raise NotImplementedError("l2_penalty: your code goes here")
