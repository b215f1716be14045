"""The training step, and one batch to near zero. Edit this file, then run `grade six_steps`."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

Loss = Callable[[Tensor, Tensor], Tensor]

# The six parts of a training step, in an order that works. Put the names into the list:
#     "backward"   "clip"   "forward"   "loss"   "step"   "zero_grad"
ORDER: list[str] | None = None

# Those of the six that a sound training step can do without.
MAY_BE_MISSING: list[str] | None = None

# You trained on one batch, again and again, and its loss went to nearly zero. What does that prove?
# Choose from:
#     "wiring"             loss, backward pass and optimiser act on the model's parameters
#     "label_format"       the targets have the dtype and the shape that the loss wants
#     "output_fits_loss"   the last layer gives what the loss expects, such as raw logits
#     "capacity"           the model is large enough for this batch
#     "labels_are_right"   every row has its true label
#     "generalisation"     unseen rows will be predicted well
#     "data_quality"       the data set is clean and complete
#     "learning_rate"      this learning rate is good for the whole data set
PROVES: list[str] | None = None


def train_step(
    model: nn.Module,
    opt: torch.optim.Optimizer,
    loss_fn: Loss,
    xb: Tensor,
    yb: Tensor,
    max_norm: float | None = None,
) -> float:
    """One step of `opt` on the batch (xb, yb), and the batch's loss as a float.

    The loss is that of the weights *before* the step. The model is set to training mode, and
    stays in it. Gradients that were in the parameters before the call do not matter. With
    `max_norm`, all gradients together, as one long vector, are scaled down to this length where
    they are longer, as `nn.utils.clip_grad_norm_` does.
    """
    raise NotImplementedError("train_step: your code goes here")


def first_loop(epochs: int = 20, lr: float = 0.1) -> dict[int, float]:
    """Learn y = 2 x, and return the loss of the epochs 0, 1, 5 and 19, as far as they happened.

    torch.manual_seed(42), then the model nn.Linear(1, 1); x = [[1], [2], [3], [4]], y = 2 x, all
    four rows in one batch, one step per epoch; nn.MSELoss and plain SGD. The loss of an epoch is
    what train_step returns.
    """
    raise NotImplementedError("first_loop: your code goes here")


def overfit_one_batch(model: nn.Module, xb: Tensor, yb: Tensor, steps: int) -> list[float]:
    """Train `model` in place, `steps` steps on this one batch; the loss before each step.

    xb (B, D) float32, yb (B,) int64; model(xb) gives logits (B, K). The loss is cross-entropy. The
    optimiser and its settings are yours to choose.
    """
    raise NotImplementedError("overfit_one_batch: your code goes here")


# Given: models and optimisers that the checks use. Leave them as they are.


def mlp(sizes: list[int]) -> nn.Module:
    """Linear layers with ReLU in between: "0.weight", "0.bias", "2.weight", ..."""
    layers: list[nn.Module] = []
    for k in range(len(sizes) - 1):
        layers += [nn.Linear(sizes[k], sizes[k + 1]), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def normalised(features: int, classes: int) -> nn.Module:
    return nn.Sequential(nn.BatchNorm1d(features), nn.Linear(features, classes))


def optimiser(model: nn.Module, name: str, lr: float) -> torch.optim.Optimizer:
    if name == "adam":
        return torch.optim.Adam(model.parameters(), lr=lr)
    momentum = 0.9 if name == "momentum" else 0.0
    return torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum)


def stain(model: nn.Module) -> None:
    """Leave gradients of an earlier batch behind."""
    for p in model.parameters():
        p.grad = torch.full_like(p, 3.0)


def cross_entropy(logits: Tensor, y: Tensor) -> Tensor:
    return nn.functional.cross_entropy(logits, y)


def squared_error(out: Tensor, y: Tensor) -> Tensor:
    return nn.functional.mse_loss(out, y)
