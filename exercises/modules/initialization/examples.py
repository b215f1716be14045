import math

import torch

from grader.oracle import Mismatch, assert_tensor, generator


def check_fans_by_hand(submission):
    """The two shapes of the README."""
    for shape, expected in (((4, 3), (3, 4)), ((8, 4, 3, 3), (36, 72))):
        got = submission.fans(shape)
        if got not in (expected, list(expected)):
            raise Mismatch(f"fans({shape}): got {got}, expected {expected}")


def check_uniform_bound(submission):
    """xavier_uniform_ on (200, 100) stays within sqrt(6 / 300) = 0.1414, and comes near it."""
    w = submission.xavier_uniform_(torch.zeros(200, 100), generator=generator(0))
    largest = float(assert_tensor(w, "w", shape=(200, 100)).abs().max())
    if not 0.14 < largest < math.sqrt(6 / 300) + 1e-6:
        raise Mismatch(f"xavier_uniform_: the largest number is {largest:.4f}, expected 0.1414")


def check_he_survives(submission):
    """After ten ReLU layers, He has kept the scale and "small" has lost it."""
    for scheme, low, high in (("he", 0.3, 3), ("small", 0, 1e-8)):
        stds = submission.activation_stds(10, 256, scheme, "relu", 0)
        last = float(assert_tensor(stds, "activation_stds", shape=(10,))[-1])
        if not low <= last <= high:
            raise Mismatch(f'activation_stds(10, 256, "{scheme}", "relu", 0) ends at {last:.3g}')
