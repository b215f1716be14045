"""Why memory needs gates. Edit this file, then run `grade memory_lab`.

Four small tools, one training, and what you found with them. torch's nn.RNN, nn.LSTM, nn.GRU and
autograd are available here; ready-made clipping is not, since you build it.
"""

from collections.abc import Callable, Iterator

from torch import Tensor, nn

# What becomes of the gradient over 40 steps? Measure it with hidden_size 32 and your functions:
#   "forgets"    the gradient at distance 40 is below 1e-6 of that at distance 0
#   "explodes"   it is above 10
#   "remembers"  else
CONCLUSIONS = {
    "rnn": "",
    "lstm": "",
    "gru": "",
    "lstm, forget_bias 1": "",
    "lstm, forget_bias 3": "",
    "rnn, scale 6": "",
}

# For a sequence of length T. Ways and steps: "1" or "T". Cost: "T" or "T^2". The rest: "yes" or
# "no".
COMPARISON = {
    "longest way between two tokens, recurrent": "",
    "longest way between two tokens, attention": "",
    "steps that wait for each other, recurrent": "",
    "steps that wait for each other, attention": "",
    "growth of the cost, recurrent": "",
    "growth of the cost, attention": "",
    "bidirectional may classify a finished sentence": "",
    "bidirectional may predict the next word": "",
    "clipping cures exploding gradients": "",
    "clipping cures vanishing gradients": "",
}


def make_cell(
    kind: str,
    input_size: int,
    hidden_size: int,
    forget_bias: float | None = None,
    scale: float = 1.0,
) -> nn.Module:
    """nn.RNN, nn.LSTM or nn.GRU of one layer, with batch_first=True, as torch starts it, except:

        forget_bias  for an LSTM, if not None: the forget gates' part of bias_ih_l0 is this number,
                     and that of bias_hh_l0 is 0, since the two are added up
        scale        all of weight_hh_l0 is multiplied by it

    Raises: ValueError naming `kind`, if it is not "rnn", "lstm" or "gru";
        ValueError naming `forget_bias`, if one is given for a cell that has no forget gate.
    """
    raise NotImplementedError("make_cell: your code goes here")


def grad_by_distance(cell: nn.Module, x: Tensor) -> Tensor:
    """How strongly the last output depends on the input d steps before it, for d = 0 .. T-1.

    With L the sum of all numbers of out[:, -1], the last output only, and size(t) the norm of
    dL/dx[:, t] (root of the sum of squares over batch and inputs):
        result[d] = size(T - 1 - d) / size(T - 1)
    So result[0] is 1. Shapes: x (B, T, I); returns (T,), of x's dtype, without a graph. Neither x
    nor the cell, gradients of its parameters included, is changed.
    """
    raise NotImplementedError("grad_by_distance: your code goes here")


def clip(gradients: list[Tensor], max_norm: float) -> list[Tensor]:
    """Shorten a long gradient, and keep its direction.

    The norm is that of all tensors together: the root of the sum of all squares. If it is above
    max_norm, all are multiplied by max_norm / norm; if not, they stay. max_norm is above 0.
    Returns: new tensors, or the same ones where nothing changes; the arguments are not changed.
    """
    raise NotImplementedError("clip: your code goes here")


class Recall(nn.Module):
    """Given; leave it as it is. It reads T tokens, and says which was the first: logits (B, 8)."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.embed = nn.Embedding(16, 16)
        self.cell = make_cell(kind, 16, 48)
        self.head = nn.Linear(48, 8)

    def forward(self, x: Tensor) -> Tensor:
        out, _ = self.cell(self.embed(x))
        return self.head(out[:, -1])


def train_recall(
    model: nn.Module, get_batch: Callable[[int], tuple[Tensor, Tensor]], steps: int
) -> Iterator[float]:
    """Train `model`, a Recall("lstm"), in place; a generator that yields the loss of each step.

    In each of the `steps` steps (400): choose a length T from 1 to 40, call get_batch(T) once, take
    one optimiser step, and yield its loss as a float. One batch more than `steps` raises an error.

    get_batch(T) -> x (32, T) int64, y (32,) int64. The first token of x is one of 0..7, and y names
    it; all tokens after it are distractors, 8..15. Names are numbers 0..7 too; which one names
    which token is drawn for the hidden checks: weights are learnt here and not brought along.
    Afterwards the grader asks the network about new sequences of length 40: at least 95 % right.
    It runs the state_dict in a Recall of its own, so the parts must stay what they are.
    """
    raise NotImplementedError("train_recall: your code goes here")
