from itertools import pairwise

import numpy as np
import torch

from grader.oracle import Mismatch, assert_close, unpack

PARAMS = [
    {"W": np.array([[1.0, -1.0], [2.0, 0.0]]), "b": np.array([0.0, 1.0])},
    {"W": np.array([[1.0, 0.0], [3.0, 1.0]]), "b": np.array([-2.0, 2.0])},
]
X, Y = np.array([[1.0, 1.0], [2.0, 0.0]]), np.array([0, 1])


def check_two_rows_by_hand(submission):
    """The network of the README: logits, loss and gradients of two rows."""
    logits = torch.as_tensor(submission.forward(PARAMS, X))
    assert_close(logits, torch.tensor([[1.0, 2.0], [0.0, 2.0]]).double(), "logits")
    loss, grads = unpack(submission.loss_and_grads(PARAMS, X, Y), 2, "loss_and_grads")
    assert_close(torch.tensor(loss).double(), torch.tensor(0.72009).double(), "loss", atol=1e-4)
    expected = {
        (1, "W"): [[-0.97738, 0.97738], [0.0, 0.0]],
        (1, "b"): [-0.30593, 0.30593],
        (0, "W"): [[-0.24633, 0.0], [-0.36553, 0.0]],
        (0, "b"): [-0.30593, 0.0],
    }
    for (i, key), right in expected.items():
        got = torch.as_tensor(grads[i][key])
        assert_close(got, torch.tensor(right).double(), f"grads[{i}]['{key}']", atol=1e-4)


def check_loss_falls(submission):
    """Twenty small steps downhill, and the loss falls at every one."""
    params = [{key: value.copy() for key, value in layer.items()} for layer in PARAMS]
    losses = []
    for _ in range(20):
        loss, grads = unpack(submission.loss_and_grads(params, X, Y), 2, "loss_and_grads")
        losses.append(loss)
        params = [
            {key: layer[key] - 0.02 * grad[key] for key in layer}
            for layer, grad in zip(params, grads, strict=True)
        ]
    if not all(b < a for a, b in pairwise(losses)):
        raise Mismatch(f"the loss went from {losses[0]:.4f} to {losses[-1]:.4f}, not always down")
