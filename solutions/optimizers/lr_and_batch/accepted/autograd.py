"""Gradients by autograd, the limit by power iteration, numpy-free and looped."""

import torch


def loss_of(w, X, y):
    return 0.5 * (X @ w - y).square().mean()


def gradient(w, X, y):
    w = w.detach().clone().requires_grad_()
    return torch.autograd.grad(loss_of(w, X, y), w)[0]


def batch_grads(w, X, y, batch, seed):
    if batch <= 0 or X.shape[0] % batch != 0:
        raise ValueError("batch")
    generator = torch.Generator()
    generator.manual_seed(seed + 17)
    order = torch.rand(X.shape[0], generator=generator).argsort()
    rows = order.view(-1, batch)
    grads = torch.zeros(len(rows), X.shape[1], dtype=X.dtype)
    for i in range(len(rows)):
        grads[i] = gradient(w, X[rows[i]], y[rows[i]])
    return grads


def lr_sweep(X, y, lrs, steps):
    def final(lr):
        w = torch.zeros(X.shape[1], dtype=X.dtype)
        for _ in range(steps):
            w -= lr * gradient(w, X, y)
        return float(loss_of(w, X, y))

    return [final(lr) for lr in lrs]


def largest_lr(X):
    v = torch.ones(X.shape[1], dtype=X.dtype) + 0.01 * torch.arange(X.shape[1])
    for _ in range(2000):
        v = X.T @ (X @ v)
        v = v / v.norm()
    return 2 * len(X) / float((X @ v).square().sum())


def run(X, y, rows, schedule):
    w = torch.zeros(X.shape[1], dtype=X.dtype)
    lrs, losses = [], []
    for step in range(rows.shape[0]):
        batch_X, batch_y = X[rows[step]], y[rows[step]]
        lrs.append(schedule(step))
        losses.append(float(loss_of(w, batch_X, batch_y)))
        w -= lrs[-1] * gradient(w, batch_X, batch_y)
    return {"loss": losses, "lr": lrs}
