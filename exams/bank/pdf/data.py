"""Readings of four instruments, a few of them missing, and a quantity that depends on them."""

import torch

SCALES = (1.0, 10.0, 0.1, 5.0)
MISSING = 0.002


def draw(seed):
    """What the script gets, and what the grader keeps to measure it with.

    x (n, 4) float32, nan where a reading is missing, in training only; y (n,) float32;
    2048 to train, 512 to validate, 1024 held out.
    """
    g = torch.Generator().manual_seed(seed)

    def read(n):
        z = torch.randn(n, 4, generator=g)
        noise = 0.1 * torch.randn(n, generator=g)
        return z * torch.tensor(SCALES), torch.sin(2 * z[:, 0]) + 0.5 * z[:, 1] * z[:, 2] + noise

    x, y = read(2048)
    x[torch.rand(x.shape, generator=g) < MISSING] = float("nan")
    x_val, y_val = read(512)
    x_held, y_held = read(1024)
    return {"x": x, "y": y, "x_val": x_val, "y_val": y_val}, {"x": x_held, "y": y_held}
