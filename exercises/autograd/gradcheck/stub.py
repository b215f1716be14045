"""A gradient checker, and a gradient of your own. Edit this file, then run `grade gradcheck`.

Not available here: torch's own gradients and checkers (`backward()`, `grad`, `gradcheck`, `jacrev`,
...) and `silu`, since this exercise is about doing without them.
"""

from collections.abc import Callable

import torch
from torch import Tensor


def num_grad(f: Callable[[Tensor], Tensor], x: Tensor, eps: float = 1e-5) -> Tensor:
    """The gradient of f at x by central differences.

    Entry i is (f(x + eps e_i) - f(x - eps e_i)) / (2 eps), where e_i is 1 at i and 0 elsewhere.
    Shapes: x any, () too, float64; f takes a tensor like x and returns one number, of shape ();
    the result is like x. x may be a transposed view. After the call x is what it was, to the bit.
    Raises: TypeError naming `x`, if it is not float64.
    """
    raise NotImplementedError("num_grad: your code goes here")


def max_rel_error(a: Tensor, n: Tensor, floor: float = 1e-8) -> float:
    """The largest of |a - n| / max(|a|, |n|, floor), over all entries, as a Python float.

    Shapes: a and n alike, any, with at least one entry; float64. nan where either holds a nan.
    Raises: ValueError naming `n`, if the shapes differ.
    """
    raise NotImplementedError("max_rel_error: your code goes here")


class Swish(torch.autograd.Function):
    """y = x * sigmoid(beta * x), with its backward pass by hand; used as Swish.apply(x, beta).

    Shapes: x any, beta (); y like x. float32 stays float32, and float64 stays float64.
    x = -1000 and x = 1000 are legal: y and both gradients stay finite.
    """

    @staticmethod
    def forward(ctx, x: Tensor, beta: Tensor) -> Tensor:
        """Return y, and keep what backward needs with ctx.save_for_backward(...)."""
        raise NotImplementedError("Swish.forward: your code goes here")

    @staticmethod
    def backward(ctx, dy: Tensor) -> tuple[Tensor, Tensor]:
        """dy is the gradient of the loss by y. Return that by x, like x, and by beta, ()."""
        raise NotImplementedError("Swish.backward: your code goes here")


def swish(x: Tensor, beta: Tensor) -> Tensor:
    """Swish.apply(x, beta)."""
    raise NotImplementedError("swish: your code goes here")


def quad(x: Tensor) -> Tensor:
    """Given: a sum of squares, each with a weight of its own."""
    weights = torch.arange(1, x.numel() + 1, dtype=x.dtype).reshape(x.shape)
    return (weights * x**2).sum()


def lse(x: Tensor) -> Tensor:
    """Given: log of the sum of exp, over all entries."""
    return x.flatten().logsumexp(0)


def cubic(x: Tensor) -> Tensor:
    """Given: a sum of cubes."""
    return (x**3).sum()
