"""Overfit on purpose, then cure it. Edit this file, then run `grade overfit_lab`.

The grader owns the data, the number of epochs and every label of the validation and test rows.
Your networks are trained twice on the same 300 rows:

    kind "base"     no regularisation at all, and the weights of the last epoch
    kind "cured"    the same network with your cure, and the weights of the best epoch

Rows      64 pixels in 0..1, float32; classes 0..9, int64. 90 of the 300 training labels are wrong.
Limits    30 CPU seconds on one thread for each training (about 2 are needed), 1200 MB; this file
          has at most 16 KiB
What survives a training is `model.state_dict()`: a new process calls `make_model(kind)`, loads that
state, and calls `predict`. Random numbers come from torch's own generator, which is seeded for you.
"""

from collections.abc import Callable

from torch import Tensor, nn

Batch = tuple[Tensor, Tensor]

# What each change does to a network like your base: "helps", "nothing" or "hurts". See the README.
FINDINGS = {
    "stopping at the best epoch": "",
    "dropout 0.5": "",
    "weight decay 1e-6": "",
    "80 more epochs": "",
    "900 more rows": "",
}


def make_model(kind: str) -> nn.Module:
    """An untrained network, (N, 64) float32 -> logits (N, 10), for kind "base" or "cured".

    Both kinds have parameters of the same shapes, in the same order, at most 200,000 numbers: only
    the regularisation may differ.
    """
    raise NotImplementedError("make_model: your code goes here")


def predict(model: nn.Module, x: Tensor) -> Tensor:
    """Logits (N, 10) of rows (N, 64), in evaluation mode and without gradients.

    The answer to a row is the same when asked again, and whatever the other rows are. The model
    may come fresh from `make_model`, in training mode.
    """
    raise NotImplementedError("predict: your code goes here")


def train(
    model: nn.Module,
    kind: str,
    batches: Callable[[int], list[Batch]],
    rows: Tensor,
    validate: Callable[[int, Tensor], float],
    epochs: int,
) -> None:
    """Train `model` in place. In each epoch, counted from 0, in this order:

        batches(epoch)             the ten batches of this epoch, x (B, 64) and y (B,), B 32 or 12:
                                   one optimiser step on each of them, in training mode
        validate(epoch, logits)    logits (600, 10) = predict(model, rows) after these steps;
                                   returns the validation loss, a float, measured by the grader

    rows: (600, 64), the 300 training rows and 300 validation rows, which no batch ever holds.
    Both kinds run all `epochs`. Afterwards the model holds

        kind "base"     the weights of the last epoch
        kind "cured"    the weights of the epoch with the lowest validation loss, first of equals
    """
    raise NotImplementedError("train: your code goes here")
