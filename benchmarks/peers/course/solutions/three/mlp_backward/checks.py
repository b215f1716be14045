import torch

SIZES = [(1, 2, 3, 2), (4, 5, 3, 2), (7, 3, 6, 4), (5, 4, 8, 3)]
NAMES = ("the loss", "w1", "b1", "w2", "b2")


def network(n, d, h, c, seed):
    generator = torch.Generator().manual_seed(seed)
    shapes = (n, d), (d, h), (h,), (h, c), (c,)
    x, *weights = (torch.randn(s, generator=generator, dtype=torch.float64) for s in shapes)
    return x, torch.randint(c, (n,), generator=generator), *weights


def truth(x, y, *weights):
    leaves = [each.clone().requires_grad_() for each in weights]
    w1, b1, w2, b2 = leaves
    logits = torch.relu(x @ w1 + b1) @ w2 + b2
    loss = torch.nn.functional.cross_entropy(logits, y)
    return loss.detach(), *torch.autograd.grad(loss, leaves)


def compare(submission, which):
    for sizes in SIZES:
        for seed in range(7):
            case = network(*sizes, seed)
            got, expected = submission.mlp_backward(*case), truth(*case)
            for i in which:
                message = f"{NAMES[i]} is wrong for sizes {sizes}"
                torch.testing.assert_close(got[i], expected[i], msg=message)


def check_loss(submission):
    """The loss is the mean cross-entropy."""
    compare(submission, [0])


def check_last_layer(submission):
    """The gradients by w2 and b2 agree with autograd."""
    compare(submission, [3, 4])


def check_first_layer(submission):
    """The gradients by w1 and b1 agree with autograd."""
    compare(submission, [1, 2])


def check_large_weights(submission):
    """Nothing overflows where logits are some hundreds."""
    x, y, w1, b1, w2, b2 = network(4, 5, 3, 2, 9)
    case = x, y, w1, b1, w2 * 300, b2
    for got, expected in zip(submission.mlp_backward(*case), truth(*case), strict=True):
        torch.testing.assert_close(got, expected)
