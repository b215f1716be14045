"""An MLP in NumPy. Edit this file, then run `grade numpy_mlp`.

The network: z = a W + b in every layer, relu after every layer but the last. The last layer's z are
the logits. The loss is the mean over the rows of -log softmax(logits)[n, y[n]].

params    a list with one dict {"W": (in, out), "b": (out,)} for each layer, all float64.
          Mind the layout: W is (in, out), so that a layer is `a @ W + b`.
X         (N, D) float64
y         (N,) int64, class numbers from 0
No function changes its arguments. numpy, math and itertools may be imported: no torch, no sklearn.
"""

import numpy as np

Params = list[dict[str, np.ndarray]]


def init(sizes: list[int], seed: int) -> Params:
    """He initialisation: W normal with mean 0 and standard deviation sqrt(2 / in), b zero.

    sizes: [D, H, ..., K], so len(sizes) - 1 layers. The same seed gives the same numbers, another
    seed gives others.
    """
    raise NotImplementedError("init: your code goes here")


def forward(params: Params, X: np.ndarray) -> np.ndarray:
    """The logits (N, K)."""
    raise NotImplementedError("forward: your code goes here")


def loss_and_grads(params: Params, X: np.ndarray, y: np.ndarray) -> tuple[float, Params]:
    """The mean loss, a float, and its gradients: a list of dicts of the shapes of `params`.

    At z = 0 the slope of relu is 0. Logits of 1000 are legal: nothing may become inf or nan.
    """
    raise NotImplementedError("loss_and_grads: your code goes here")


def train(X: np.ndarray, y: np.ndarray, seed: int) -> Params:
    """Train a network with at least one hidden layer and return its params.

    X (N, 64) holds 8 x 8 pixels from 0 to 1, y the digits 0..9; N is about 1,200. The grader runs
    your params with a forward pass of its own, on digits that you have not seen. You have 30 CPU
    seconds; one is plenty.
    """
    raise NotImplementedError("train: your code goes here")
