"""RNN, LSTM and GRU, step by step. Edit this file, then run `grade recurrent_cells`.

Conventions, for all cells; they are torch's, with batch_first=True:
    x      (B, T, I) with T >= 1: T steps of I numbers
    h0     (B, H), the state before the first step; not always zeros
    out    (B, T, H): out[:, t] is h after step t, so out[:, -1] equals the h that is returned
    W_ih   (G*H, I), W_hh (G*H, H), b_ih (G*H,), b_hh (G*H,): the G gates stand below each other, in
           the order given; both biases are used
    dtype  float32 stays float32, and float64 stays float64; gradients flow through all steps

sigma is the sigmoid, * the product entry by entry. Arguments may be transposed views, and are never
changed. Not available here: torch's own recurrent layers and cells, since you build them.
"""

from typing import Any

from torch import Tensor


def rnn(
    x: Tensor, h0: Tensor, W_ih: Tensor, W_hh: Tensor, b_ih: Tensor, b_hh: Tensor
) -> tuple[Tensor, Tensor]:
    """h = tanh(W_ih x_t + b_ih + W_hh h + b_hh). G = 1.

    Returns: out (B, T, H), h (B, H).
    """
    raise NotImplementedError("rnn: your code goes here")


def lstm(
    x: Tensor, h0: Tensor, c0: Tensor, W_ih: Tensor, W_hh: Tensor, b_ih: Tensor, b_hh: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """c = f * c + i * g, then h = o * tanh(c). G = 4, in the order i, f, g, o:

        i, f, o = sigma(W_i. x_t + b_i. + W_h. h + b_h.)        each with its own quarter
        g       = tanh( W_ig x_t + b_ig + W_hg h + b_hg)

    Shapes: c0 (B, H). Returns: out (B, T, H), h (B, H), c (B, H).
    """
    raise NotImplementedError("lstm: your code goes here")


def gru(
    x: Tensor, h0: Tensor, W_ih: Tensor, W_hh: Tensor, b_ih: Tensor, b_hh: Tensor
) -> tuple[Tensor, Tensor]:
    """h = (1 - z) * n + z * h. G = 3, in the order r, z, n:

        r, z = sigma(W_i. x_t + b_i. + W_h. h + b_h.)           each with its own third
        n    = tanh(W_in x_t + b_in + r * (W_hn h + b_hn))      r works on the product and its bias

    Returns: out (B, T, H), h (B, H).
    """
    raise NotImplementedError("gru: your code goes here")


def bidirectional(
    kind: str, x: Tensor, forward: tuple[Any, ...], backward: tuple[Any, ...]
) -> Tensor:
    """One cell reads x from the first step to the last, another from the last to the first.

    Args:
        kind      "rnn", "lstm" or "gru"
        forward   all arguments of that cell after x, for the one that reads forwards
        backward  the same for the other one; its h0 stands before it reads x[:, -1]
    Returns: (B, T, 2H); [:, t, :H] is the state of the first after reading x[:, 0..t], and
        [:, t, H:] that of the second after reading x[:, T-1..t].
    Raises: ValueError naming `kind`, if it is none of the three.
    """
    raise NotImplementedError("bidirectional: your code goes here")


def set_forget_bias(b_ih: Tensor, b_hh: Tensor, value: float) -> tuple[Tensor, Tensor]:
    """Biases of an LSTM whose forget gates start with `value`; all others stay as they are.

    b_ih and b_hh are added up in the gate, so put `value` into b_ih and 0 into b_hh.
    Shapes: (4H,) each. Returns: a new pair; the arguments are not changed.
    """
    raise NotImplementedError("set_forget_bias: your code goes here")


def n_parameters(kind: str, input_size: int, hidden_size: int) -> int:
    """How many numbers W_ih, W_hh, b_ih and b_hh have together, for one direction.

    Raises: ValueError naming `kind`, if it is not "rnn", "lstm" or "gru".
    """
    raise NotImplementedError("n_parameters: your code goes here")
