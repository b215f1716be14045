"""Measurements of eight kinds of things, on sixteen scales as different as real ones are."""

import torch

CLASSES, FEATURES = 8, 16


def draw(seed):
    """What the script gets, and what the grader keeps to measure it with.

    x (n, 16) float32, y (n,) int64 in 0..7; 2048 to train, 512 to validate, 1024 held out.
    """
    g = torch.Generator().manual_seed(seed)
    centres = torch.randn(CLASSES, FEATURES, generator=g)
    scale = torch.logspace(-2, 3, FEATURES)[torch.randperm(FEATURES, generator=g)]
    offset = 3 * torch.randn(FEATURES, generator=g)

    def measure(n):
        y = torch.randint(0, CLASSES, (n,), generator=g)
        noise = 0.8 * torch.randn(n, FEATURES, generator=g)
        return (centres[y] + noise + offset) * scale, y

    x, y = measure(2048)
    x_val, y_val = measure(512)
    x_held, y_held = measure(1024)
    given = {"x": x, "y": y, "x_val": x_val, "y_val": y_val, "classes": CLASSES}
    return given, {"x": x_held, "y": y_held}
