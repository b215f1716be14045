"""Transfer learning: keep the features of a trained network, and give it a new task.

The network, `Net`, is given. A state is the dict of its `state_dict()`: parameters, and the running
mean and variance of each BatchNorm. The grader has trained one on handwritten digits; you adapt it
to new labels of which there are only one or three examples each.

Conventions, for the whole file:
- A prefix is one or more whole parts of a name. "layer1" stands for "layer1.0.weight" and all that
  begins with "layer1.", and not for "layer10.0.weight".
- Images are (N, 1, 8, 8) float32, 0 is background and 1 is ink; labels (N,) int64.
"""

import torch
from torch import Tensor, nn


class Net(nn.Module):
    """Given; leave it as it is. Two blocks and a head: images to logits (N, n_classes)."""

    def __init__(self, n_classes: int = 10):
        super().__init__()
        self.layer1 = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2)
        )
        self.layer10 = nn.Sequential(
            nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2)
        )
        self.fc = nn.Linear(128, n_classes)

    def forward(self, images: Tensor) -> Tensor:
        """(N, 1, 8, 8) to (N, n_classes)."""
        return self.fc(self.layer10(self.layer1(images)).flatten(1))


def replace_head(model: Net, n_classes: int) -> Net:
    """Put a new, untrained nn.Linear in the place of `model.fc`; return the same model.

    It takes as many features as the old one, and is trainable. Nothing else changes.
    """
    raise NotImplementedError("replace_head: your code goes here")


def freeze(model: nn.Module, except_prefixes: tuple[str, ...]) -> None:
    """Switch `requires_grad` off for every parameter, and on for those below the prefixes."""
    raise NotImplementedError("freeze: your code goes here")


def set_train_frozen_aware(model: nn.Module) -> None:
    """Training mode, except for each BatchNorm2d whose parameters are frozen: that one in eval.

    In training mode a BatchNorm moves its running mean and variance whether or not its parameters
    are frozen.
    """
    raise NotImplementedError("set_train_frozen_aware: your code goes here")


def discriminative_groups(model: nn.Module, lrs: dict[str, float]) -> list[dict]:
    """Parameter groups for an optimiser: one {"params": [...], "lr": ...} for each prefix.

    In the order of `lrs`. Every trainable parameter is in exactly one group, frozen ones are in
    none. No prefix in `lrs` is a part of another one.
    Raises: ValueError naming the parameter, if a trainable one stands below no prefix
    """
    raise NotImplementedError("discriminative_groups: your code goes here")


def unfreeze_schedule(epoch: int) -> tuple[str, ...]:
    """What is trainable in an epoch of gradual unfreezing, from the top down.

    Epoch 0: ("fc",). Epoch 1: ("fc", "layer10"). From epoch 2 on: ("fc", "layer10", "layer1").
    """
    raise NotImplementedError("unfreeze_schedule: your code goes here")


def adapt(
    state: dict[str, Tensor], images: Tensor, labels: Tensor, mode: str, seed: int
) -> dict[str, Tensor]:
    """Learn 10 classes from a few images; return the whole state of the adapted Net.

    Args:
        state   of a Net that was trained on other labels: its head is of no use; stays unchanged
        images  (N, 1, 8, 8), labels (N,) from 0 to 9; N is 10 or 30
        mode    "frozen": only the new head learns. All else in the returned state, the BatchNorms'
                running numbers included, equals `state` to the bit.
                "finetune": everything learns, the blocks with smaller rates than the head
                "scratch": nothing of `state` is used, everything learns
        seed    for torch.manual_seed, first of all
    You choose optimiser, rates and steps, at most 5 CPU seconds for one call. The grader loads what
    you return into its own Net, in evaluation mode, and measures on images that you never saw:
    "frozen" at least 75 %, and 10 points above your "scratch", from one image of each class, and
    "finetune" at most 5 points below "frozen".
    Raises: ValueError naming `mode`, for any other mode
    """
    raise NotImplementedError("adapt: your code goes here")
