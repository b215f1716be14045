"""From one neuron to XOR. Edit this file, then run `grade neuron_activations`.

Conventions, for the whole file:
- Tensors are float32 or float64, and a result has the dtype of its arguments.
- Values from -1000 to 1000 are legal everywhere: nothing may become inf or nan on the way.
- No argument is changed.
- `name` is one of "relu", "leaky_relu", "sigmoid", "tanh", "gelu". Any other name raises a
  ValueError whose message quotes it.

Not available here: `torch.relu`, `torch.sigmoid`, `torch.softmax`, `torch.logsumexp` and their
kin, and autograd, since this exercise is what they do. Build on exp, log, maximum, where, erf,
amax and sum.
"""

from torch import Tensor


def act(name: str, z: Tensor) -> Tensor:
    """The activation of that name, entry by entry. Shapes: any; returns the same.

    relu        max(z, 0)
    leaky_relu  z where z > 0, and 0.01 z elsewhere
    sigmoid     1 / (1 + exp(-z))
    tanh        (exp(z) - exp(-z)) / (exp(z) + exp(-z))
    gelu        z Phi(z), with Phi(z) = (1 + erf(z / sqrt(2))) / 2: the exact one, not tanh's

    Raises: ValueError quoting an unknown name.
    """
    raise NotImplementedError("act: your code goes here")


def dact(name: str, z: Tensor) -> Tensor:
    """The derivative of act(name, z) by z, entry by entry. Shapes: any; returns the same.

    At the kink z = 0 it is the slope on the left: 0 for relu, 0.01 for leaky_relu.
    Raises: ValueError quoting an unknown name.
    """
    raise NotImplementedError("dact: your code goes here")


def neuron(X: Tensor, w: Tensor, b: float, name: str) -> Tensor:
    """One neuron on N inputs: act(name, w . x + b) for each row x.

    Shapes: X (N, D), w (D,), b a number; returns (N,).
    """
    raise NotImplementedError("neuron: your code goes here")


def collapse(W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> tuple[Tensor, Tensor]:
    """The one linear layer W, b that equals two: W x + b = W2 (W1 x + b1) + b2 for every x.

    Shapes: W1 (H, D), b1 (H,), W2 (K, H), b2 (K,); returns W (K, D), b (K,).
    """
    raise NotImplementedError("collapse: your code goes here")


def best_linear_xor() -> tuple[Tensor, float]:
    """The w and b for which sum over the four points of (w . x + b - xor(x))^2 is least.

    The points are (0, 0), (0, 1), (1, 0), (1, 1), and their xor is 0, 1, 1, 0.
    Shapes: w (2,), b a number.
    """
    raise NotImplementedError("best_linear_xor: your code goes here")


def xor_net() -> dict[str, Tensor]:
    """Weights of a network that computes xor: W2 relu(W1 x + b1) + b2, within 0.1 at all points.

    Returns: {"W1": (H, 2), "b1": (H,), "W2": (1, H), "b2": (1,)} with H at most 4.
    The grader runs the network.
    """
    raise NotImplementedError("xor_net: your code goes here")


def logsumexp(z: Tensor, dim: int) -> Tensor:
    """log(sum(exp(z))) along `dim`, which vanishes from the shape.

    Entries may be -inf, and add nothing; where all are -inf, the result is -inf.
    Shapes: (..., n, ...) -> (..., ...). dim may be negative.
    """
    raise NotImplementedError("logsumexp: your code goes here")


def softmax(z: Tensor, dim: int) -> Tensor:
    """exp(z) / sum(exp(z)), the sum along `dim`. Shapes: any; returns the same.

    Entries may be -inf, and give exactly 0; along `dim` at least one entry is finite.
    """
    raise NotImplementedError("softmax: your code goes here")


def log_softmax(z: Tensor, dim: int) -> Tensor:
    """log(softmax(z, dim)), finite wherever z is, however small the softmax. Shapes as softmax.

    Entries may be -inf, and stay -inf; along `dim` at least one entry is finite.
    """
    raise NotImplementedError("log_softmax: your code goes here")
