"""Gradients through depth. Edit this file, then run `grade vanishing`.

The network has `depth` layers, all of width D, without biases. One layer takes a (N, D) to

    z   = a @ W.T                            W (D, D), stored as nn.Linear stores it
    z   = (z - mean) / sqrt(var + 1e-5)      only with norm: each column by itself, mean and biased
                                             variance over the N rows, as BatchNorm in training
    out = act(z)                             relu (slope 0 at 0, as torch.relu), sigmoid or tanh;
                                             in the last layer too
    out = a + out                            only with residual; in every layer

The loss is the mean over all N * D entries of (a - target)^2, with a from the last layer. Autograd
is available here: `backward` and `torch.autograd.grad`.
"""

from torch import Tensor

# What becomes of the gradient of the first layer at depth 20 and width 64, x and target normal?
# Measure it with your functions: "vanishes", "explodes" or "steady", as `fate` says.
CONCLUSIONS = {
    "sigmoid xavier": "",
    "sigmoid xavier norm": "",
    "sigmoid xavier residual": "",
    "tanh xavier": "",
    "relu default": "",
    "relu he": "",
    "relu unit": "",
    "relu tiny": "",
}


def make_weights(depth: int, width: int, init: str, seed: int) -> list[Tensor]:
    """`depth` float32 matrices (width, width) of mean 0, with a standard deviation of

        xavier   sqrt(1 / width)
        he       sqrt(2 / width)
        default  sqrt(1 / (3 width)), which is that of a fresh nn.Linear
        unit     1
        tiny     0.01

    Normal or uniform, as you like. The same seed gives the same numbers, another seed others.
    Raises: ValueError naming `init`, if it is none of these.
    """
    raise NotImplementedError("make_weights: your code goes here")


def grad_profile(
    weights: list[Tensor],
    x: Tensor,
    target: Tensor,
    act: str,
    norm: bool = False,
    residual: bool = False,
) -> Tensor:
    """The norms of dL/dW, from the first layer to the last.

    The norm is the root of the sum of squares. inf and nan stay what they are.
    Shapes: weights depth times (D, D), x (N, D), target (N, D), all of one dtype, which the result
    (depth,) has too. No argument is changed.
    """
    raise NotImplementedError("grad_profile: your code goes here")


def fate(profile: Tensor) -> str:
    """What becomes of the gradient on its way to the first layer, whose norm is profile[0].

    "explodes"  if any norm is inf or nan, or profile[0] is above 100
    "vanishes"  if profile[0] is below 1e-6
    "steady"    else
    """
    raise NotImplementedError("fate: your code goes here")
