import torch

from grader.oracle import assert_tensor


def check_shape_of_the_new_head(submission):
    """A new head for 3 classes has a weight of (3, 128)."""
    model = submission.replace_head(submission.Net(10), 3)
    assert_tensor(model.fc.weight, "fc.weight", shape=(3, 128))
    assert_tensor(model(torch.zeros(2, 1, 8, 8)), "logits", shape=(2, 3))


def check_what_stays_trainable(submission):
    """With everything frozen except layer10, its four parameters are trainable."""
    model = submission.Net(10)
    submission.freeze(model, ("layer10",))
    on = [name for name, _, _, trainable in model.parameters() if trainable]
    expected = ["layer10.0.weight", "layer10.0.bias", "layer10.1.weight", "layer10.1.bias"]
    assert on == expected, f"trainable: {', '.join(on)}"


def check_two_groups(submission):
    """A rate for the head and one for a block make two groups."""
    model = submission.Net(10)
    submission.freeze(model, ("layer10", "fc"))
    groups = submission.discriminative_groups(model, {"fc": 1e-2, "layer10": 1e-4})
    sizes = [len(group["params"]) for group in groups]
    assert sizes == [2, 4], f"the groups hold {sizes} parameters, expected [2, 4]"
