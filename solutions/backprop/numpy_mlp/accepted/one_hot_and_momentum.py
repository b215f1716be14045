"""The same with one-hot rows, einsum, two hidden layers and momentum."""

import math

import numpy as np


def init(sizes, seed):
    rng = np.random.Generator(np.random.PCG64(seed))
    params = []
    for i in range(len(sizes) - 1):
        W = rng.standard_normal((sizes[i], sizes[i + 1])) * math.sqrt(2 / sizes[i])
        params.append({"W": W, "b": np.zeros(sizes[i + 1])})
    return params


def forward(params, X):
    for layer in params[:-1]:
        X = (X @ layer["W"] + layer["b"]).clip(min=0)
    return X @ params[-1]["W"] + params[-1]["b"]


def loss_and_grads(params, X, y):
    acts = [X]
    for layer in params[:-1]:
        acts.append(np.maximum(acts[-1] @ layer["W"] + layer["b"], 0))
    z = acts[-1] @ params[-1]["W"] + params[-1]["b"]
    largest = z.max(axis=1)
    lse = largest + np.log(np.exp(z - largest[:, None]).sum(axis=1))
    hot = np.eye(z.shape[1])[y]
    loss = float(np.mean(lse - (z * hot).sum(axis=1)))
    d = (np.exp(z - lse[:, None]) - hot) / len(X)
    grads = [None] * len(params)
    for i in range(len(params) - 1, -1, -1):
        grads[i] = {"W": np.einsum("ni,no->io", acts[i], d), "b": np.ones(len(X)) @ d}
        if i:
            d = np.where(acts[i] > 0, d @ params[i]["W"].T, 0)
    return loss, grads


def train(X, y, seed):
    rng = np.random.default_rng(seed)
    params = init([64, 48, 32, 10], seed)
    speed = [{key: np.zeros_like(value) for key, value in layer.items()} for layer in params]
    for _ in range(800):
        rows = rng.integers(0, len(X), 50)
        _, grads = loss_and_grads(params, X[rows], y[rows])
        for layer, v, grad in zip(params, speed, grads, strict=True):
            for key in layer:
                v[key] = 0.9 * v[key] - 0.03 * grad[key]
                layer[key] += v[key]
    return params
