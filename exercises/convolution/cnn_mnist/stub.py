"""A convolutional network that reads handwritten digits.

The grader owns the data: it decides which batches you see, in which order, and how many. It keeps
the test labels, and it measures the accuracy itself. You write the network, the training loop and
the reading of new images.

Data      images (N, 1, side, side) uint8, 0 is background and 255 is ink; labels (N,) int64, 0..9
Labels    name classes, not digits: which class stands for which digit is drawn for the hidden
          checks, because weights are to be learnt here and not brought along
Sides     28 (MNIST), or 8 (scikit-learn's digits, where MNIST is not installed): be ready for both
Steps     937 on MNIST (once through 60,000 images), 400 on the digits (20 times through 1,300)
Limits    30 CPU seconds on one thread for the training, 1500 MB; this file has at most 16 KiB,
          for the same reason

What survives the training is `model.state_dict()`, and nothing else. For each measurement a new
process calls `make_model(side)`, loads that state, and calls `predict`. A global variable that
`train` has set is gone by then.
"""

from collections.abc import Callable, Iterator

from torch import Tensor, nn


def make_model(side: int) -> nn.Module:
    """An untrained network for images of side x side pixels, side 28 or 8.

    At least one `nn.Conv2d` in it has a kernel larger than 1x1 and smaller than the image: a
    kernel as large as the image is a linear layer by another name. At most 200,000 parameters,
    and at most 200,000 numbers in the state_dict, buffers included. What the network takes and
    returns is your affair: only your own `train` and `predict` call it.
    """
    raise NotImplementedError("make_model: your code goes here")


def train(
    model: nn.Module, get_batch: Callable[[], tuple[Tensor, Tensor]], steps: int
) -> Iterator[float]:
    """Train `model` in place; a generator that yields the loss of each step.

    In each of the `steps` steps: call `get_batch()` once, take one optimiser step on that batch,
    and yield its loss as a Python float (`loss.item()`). So after the k-th loss exactly k batches
    have been taken. One batch more than `steps` raises an error.

    get_batch() -> images (64, 1, side, side) uint8, labels (64,) int64
    The yielded losses are drawn in your report; they never decide anything.
    """
    raise NotImplementedError("train: your code goes here")


def predict(model: nn.Module, images: Tensor) -> Tensor:
    """The class of each image: images (N, 1, side, side) uint8 -> (N,) int64, values 0..9.

    N is anything from 1 to 500. The answer for an image is the same whatever the other images
    are, and the same when asked again. The model arrives fresh from `make_model`, so it is in
    training mode.
    """
    raise NotImplementedError("predict: your code goes here")
