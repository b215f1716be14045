"""A title of a few words. Edit this file, then run `grade SLUG`."""

from torch import Tensor


def SLUG(x: Tensor) -> Tensor:
    """Return 2 x + 1.

    Shapes:
        x        (...)  any float dtype; it is left as it is
        returns  same shape and dtype

    Do not call `mul`: this exercise is about building it.
    """
    raise NotImplementedError("SLUG: your code goes here")
