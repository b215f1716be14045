"""Copies that keep the label: images, sequences, text.

Conventions, for the whole file:
- Images x (B, C, H, W), H and W may differ; sequences x (B, T). Floating; the dtype is kept.
- What is drawn is drawn for every sample of the batch by itself, with `generator`; None means
  torch's own generator. The channels of one image share what was drawn for it.
- No argument is changed in place.

Not available here: torch.nn.functional.interpolate and grid_sample, and torchvision.
"""

import torch
from torch import Tensor


def random_crop(
    x: Tensor, size: tuple[int, int], pad: int, generator: torch.Generator | None = None
) -> Tensor:
    """Put `pad` zeros on all four sides, then cut a window of `size` at a random place.

    Every place where the window fits, in rows and in columns, is equally likely.
    Returns: (B, C, *size).
    Raises: ValueError naming `size`, if the window is larger than the padded image.
    """
    raise NotImplementedError("random_crop: your code goes here")


def shift(x: Tensor, max_px: int, generator: torch.Generator | None = None) -> Tensor:
    """Move each image by -max_px..max_px rows and as many columns; zeros move in. Like x."""
    raise NotImplementedError("shift: your code goes here")


def hflip(x: Tensor, p: float, generator: torch.Generator | None = None) -> Tensor:
    """Swap left and right of each image with probability p, 0 <= p <= 1. Like x."""
    raise NotImplementedError("hflip: your code goes here")


def rot90(x: Tensor, k: Tensor) -> Tensor:
    """Turn image i by k[i] quarter turns counter-clockwise. Like x.

    Args: x with H = W; k (B,) int64, any integers, -1 is a quarter turn clockwise.
    Raises: ValueError naming `x`, if H and W differ.
    """
    raise NotImplementedError("rot90: your code goes here")


def color_jitter(
    x: Tensor, brightness: float, contrast: float, generator: torch.Generator | None = None
) -> Tensor:
    """Stretch each image around its own mean and make it lighter or darker. Like x.

    y = (x - m) * c + m + b, then clamped to 0..1, where for each image
        m  is its mean over channels, rows and columns
        c  is drawn uniformly from 1 - contrast to 1 + contrast
        b  is drawn uniformly from -brightness to brightness, independently of c
    """
    raise NotImplementedError("color_jitter: your code goes here")


def add_noise(x: Tensor, std: float, generator: torch.Generator | None = None) -> Tensor:
    """Add normal noise of mean 0 and this standard deviation to every value. x of any shape."""
    raise NotImplementedError("add_noise: your code goes here")


def time_warp(x: Tensor, power: Tensor) -> Tensor:
    """Read each sequence faster at one end and slower at the other.

    y[i, t] is x[i] at the place (T - 1) * (t / (T - 1)) ** power[i], a number from 0 to T - 1.
    Between two values x[i] is a straight line. So both ends stay, and a power of 1 changes nothing.
    Args: x (B, T) with T >= 2; power (B,), positive, of the dtype of x. Returns: like x.
    """
    raise NotImplementedError("time_warp: your code goes here")


def synonym_replace(
    tokens: list[str],
    table: dict[str, list[str]],
    p: float,
    generator: torch.Generator | None = None,
) -> list[str]:
    """Replace each token that `table` knows with probability p by one of its synonyms.

    All synonyms of a token are equally likely. "not", "no" and "never", and the token right behind
    one of them, always stay. Returns: a new list of the same length.
    """
    raise NotImplementedError("synonym_replace: your code goes here")


def augment(
    x: Tensor, y: Tensor, max_px: int, training: bool, generator: torch.Generator | None = None
) -> tuple[Tensor, Tensor]:
    """What a data loader would call: in training shift(x, max_px), outside x as it is.

    Returns: the images, and the labels y (B,) as they are.
    """
    raise NotImplementedError("augment: your code goes here")


def safe_for(dataset: str) -> list[str]:
    """Which of "shift", "hflip", "rot90", "color_jitter" keep every label of a data set.

    digits     handwritten digits, 0 to 9, grey on black; they do not touch the border
    satellite  photographs from straight above: forest, town, water
    arrows     road signs: "turn left" and "turn right"
    tomatoes   one on a table, photographed from straight above: unripe or ripe, told by colour
    Returns: the names, in any order. Raises: ValueError naming `dataset`, for any other.
    """
    raise NotImplementedError("safe_for: your code goes here")
