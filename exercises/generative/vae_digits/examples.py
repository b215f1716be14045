import math

import torch

from grader.oracle import assert_close, assert_tensor, generator, unpack

MEAN = torch.tensor([[1.0, 0.0]])
LOG_VAR = torch.tensor([[0.0, math.log(0.25)]])


def check_code_by_hand(submission):
    """The KL and the draw of the worked example."""
    got = submission.kl_divergence(MEAN, LOG_VAR)
    assert_close(got, torch.tensor([0.8181]), "kl_divergence(mean, log_var)", atol=1e-4)
    z = submission.reparameterise(MEAN, LOG_VAR, torch.tensor([[2.0, 2.0]]))
    assert_close(z, torch.tensor([[3.0, 1.0]]), "reparameterise(mean, log_var, noise)", atol=1e-4)


def check_pixels_by_hand(submission):
    """Two pixels cost 2.2539 nats, and the KL comes on top."""
    logits, x = torch.tensor([[2.0, 2.0]]), torch.tensor([[1.0, 0.0]])
    got = submission.negative_elbo(logits, x, MEAN, LOG_VAR)
    assert_close(got, torch.tensor([2.2539 + 0.8181]), "negative_elbo", atol=3e-4)


def check_shapes(submission):
    """Five images become codes of 8 numbers, and five rows of 64 logits."""
    x = (torch.rand(5, 64, generator=generator(0)) < 0.4).float()
    model = submission.make_model(8)
    mean, log_var = unpack(submission.encode(model, x), 2, "encode(model, x)")
    assert_tensor(mean, "mean", shape=(5, 8), dtype=torch.float32)
    assert_tensor(log_var, "log_var", shape=(5, 8), dtype=torch.float32)
    logits = submission.decode(model, mean)
    assert_tensor(logits, "decode(model, z)", shape=(5, 64), dtype=torch.float32)
