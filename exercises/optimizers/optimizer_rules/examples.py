import torch

from grader.oracle import assert_close, unpack

P = torch.tensor([2.0, 1.0], dtype=torch.float64)
STEPS = [torch.tensor(g, dtype=torch.float64) for g in ([4.0, 4.0], [2.4, 3.2], [1.0, -2.0])]


def after(submission, name, steps, **settings):
    """The parameter after each step."""
    answer = submission.run(name, [P], [[g] for g in steps], **settings)
    history, _ = unpack(answer, 2, "run")
    return [unpack(row, 1, "a step")[0] for row in unpack(history, len(steps), "run")]


def check_three_steps_of_momentum(submission):
    """The momentum table of the task."""
    rows = after(submission, "SGD", STEPS, lr=0.1, momentum=0.9)
    for got, row in zip(rows, [[1.6, 0.6], [1.0, -0.08], [0.36, -0.492]], strict=True):
        assert_close(got, torch.tensor(row, dtype=torch.float64), "w")


def check_two_steps_of_adam(submission):
    """The Adam table of the task."""
    rows = after(submission, "Adam", STEPS[:2], lr=0.5, betas=(0.9, 0.99), eps=1.0)
    for got, row in zip(rows, [[1.6, 0.6], [1.23234, 0.21268]], strict=True):
        assert_close(got, torch.tensor(row, dtype=torch.float64), "w", atol=1e-5)


def check_clip_three_four(submission):
    """The gradients [3] and [4] have the norm 5; clipped to 1 they are [0.6] and [0.8]."""
    norm, grads = unpack(
        submission.clip([torch.tensor([3.0]), torch.tensor([4.0])], 1.0), 2, "clip"
    )
    assert_close(norm, torch.tensor(5.0), "the norm")
    for got, value in zip(unpack(grads, 2, "clip"), (0.6, 0.8), strict=True):
        assert_close(got, torch.tensor([value]), "a clipped gradient")
