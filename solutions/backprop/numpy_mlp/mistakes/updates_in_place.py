"""Your loss_and_grads changes the params that it was given. Whoever asks for a gradient wants to
take the step himself.
caught by: check_keeps_arguments
"""

from itertools import pairwise

import numpy as np

Params = list[dict[str, np.ndarray]]


def init(sizes: list[int], seed: int) -> Params:
    rng = np.random.default_rng(seed)
    return [
        {"W": rng.normal(0, np.sqrt(2 / fan_in), (fan_in, out)), "b": np.zeros(out)}
        for fan_in, out in pairwise(sizes)
    ]


def _run(params: Params, X: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    inputs, a = [], X
    for i, layer in enumerate(params):
        inputs.append(a)
        z = a @ layer["W"] + layer["b"]
        a = np.maximum(z, 0) if i < len(params) - 1 else z
    return inputs, a


def forward(params: Params, X: np.ndarray) -> np.ndarray:
    return _run(params, X)[1]


def loss_and_grads(params: Params, X: np.ndarray, y: np.ndarray) -> tuple[float, Params]:
    inputs, logits = _run(params, X)
    rows = np.arange(len(y))
    below = logits - logits.max(1, keepdims=True)
    log_p = below - np.log(np.exp(below).sum(1, keepdims=True))
    loss = -log_p[rows, y].mean()

    dz = np.exp(log_p)
    dz[rows, y] -= 1
    dz = dz / len(y)
    grads = []
    for layer, a in zip(reversed(params), reversed(inputs), strict=True):
        grads.append({"W": a.T @ dz, "b": dz.sum(0)})
        layer["b"] -= 0.1 * dz.sum(0)
        # a came out of a relu: where it is 0, the relu was shut.
        dz = (dz @ layer["W"].T) * (a > 0)
    return float(loss), grads[::-1]


def train(X: np.ndarray, y: np.ndarray, seed: int) -> Params:
    rng = np.random.default_rng(seed)
    params = init([X.shape[1], 64, 10], seed)
    for _ in range(30):
        order = rng.permutation(len(X))
        for start in range(0, len(X), 32):
            batch = order[start : start + 32]
            _, grads = loss_and_grads(params, X[batch], y[batch])
            params = [
                {key: layer[key] - 0.1 * grad[key] for key in layer}
                for layer, grad in zip(params, grads, strict=True)
            ]
    return params
