import torch

from grader.oracle import assert_close, assert_raises, unpack


def check_table_of_activations(submission):
    """The README's table: every activation and its slope at -1, 0 and 2."""
    z = torch.tensor([-1.0, 0.0, 2.0])
    table = {
        "relu": ([0.0, 0.0, 2.0], [0.0, 0.0, 1.0]),
        "leaky_relu": ([-0.01, 0.0, 2.0], [0.01, 0.01, 1.0]),
        "sigmoid": ([0.2689, 0.5, 0.8808], [0.1966, 0.25, 0.1050]),
        "tanh": ([-0.7616, 0.0, 0.9640], [0.4200, 1.0, 0.0707]),
        "gelu": ([-0.1587, 0.0, 1.9545], [-0.0833, 0.5, 1.0852]),
    }
    for name, (values, slopes) in table.items():
        assert_close(submission.act(name, z), torch.tensor(values), f"act({name!r}, z)", atol=1e-4)
        assert_close(
            submission.dact(name, z), torch.tensor(slopes), f"dact({name!r}, z)", atol=1e-4
        )
    with assert_raises("act('swish', z)", naming="swish"):
        submission.act("swish", z)


def check_softmax_of_one_two_three(submission):
    """softmax, log_softmax and logsumexp of (1, 2, 3)."""
    z = torch.tensor([1.0, 2.0, 3.0])
    p, log_p = torch.tensor([0.0900, 0.2447, 0.6652]), torch.tensor([-2.4076, -1.4076, -0.4076])
    assert_close(submission.softmax(z, 0), p, "softmax(z, 0)", atol=1e-4)
    assert_close(submission.log_softmax(z, 0), log_p, "log_softmax(z, 0)", atol=1e-4)
    assert_close(submission.logsumexp(z, 0), torch.tensor(3.4076), "logsumexp(z, 0)", atol=1e-4)


def check_two_layers_in_one(submission):
    """The two linear layers of the README, collapsed."""
    W1, b1 = torch.tensor([[1.0, 2.0], [0.0, -1.0]]), torch.tensor([1.0, 3.0])
    W2, b2 = torch.tensor([[2.0, 1.0]]), torch.tensor([0.5])
    W, b = unpack(submission.collapse(W1, b1, W2, b2), 2, "collapse")
    assert_close(W, torch.tensor([[2.0, 3.0]]), "W")
    assert_close(b, torch.tensor([5.5]), "b")


def check_xor_table(submission):
    """xor_net, evaluated at the four points: 0, 1, 1, 0."""
    net = submission.xor_net()
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    hidden = (x @ net["W1"].float().T + net["b1"].float()).clamp(min=0)
    output = (hidden @ net["W2"].float().T + net["b2"].float())[:, 0]
    expected = torch.tensor([0.0, 1.0, 1.0, 0.0])
    assert_close(output, expected, "the network's output", rtol=0, atol=0.1)
