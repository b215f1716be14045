"""Signals of four channels, and what a leaky counter has gathered from them at their end."""

import torch

CHANNELS, LENGTH, LEAK = 4, 12, 0.9


def draw(seed):
    """What the script gets, and what the grader keeps to measure it with.

    x (n, 12, 4) float32, y (n,) float32; 2048 to train, 512 to validate, 512 held out.
    """
    g = torch.Generator().manual_seed(seed)
    taste = torch.randn(CHANNELS, generator=g)
    taste = taste / taste.norm()
    decay = LEAK ** torch.arange(LENGTH - 1, -1, -1)

    def record(n):
        x = 0.6 * torch.randn(n, LENGTH, CHANNELS, generator=g)
        return x, ((x @ taste) * decay).sum(1)

    x, y = record(2048)
    x_val, y_val = record(512)
    x_held, y_held = record(512)
    return {"x": x, "y": y, "x_val": x_val, "y_val": y_val}, {"x": x_held, "y": y_held}
