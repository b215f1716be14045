import torch

from grader.oracle import Mismatch, assert_close, assert_equal


def check_linear_by_hand(submission):
    """The worked example of the task: two inputs, one output."""
    layer = submission.MyLinear(2, 1)
    layer.load_state_dict({"weight": torch.tensor([[2.0, -1.0]]), "bias": torch.tensor([0.5])})
    x = torch.tensor([[3.0, 1.0], [0.0, 4.0]])
    assert_close(layer(x), torch.tensor([[5.5], [-3.5]]), "MyLinear(x)")


def check_embedding_by_hand(submission):
    """Id 2 reads row 2."""
    layer = submission.MyEmbedding(3, 2)
    layer.load_state_dict({"weight": torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])})
    expected = torch.tensor([[5.0, 6.0], [1.0, 2.0], [5.0, 6.0]])
    assert_equal(layer(torch.tensor([2, 0, 2])), expected, "MyEmbedding(ids)")


def check_dropout_by_hand(submission):
    """With p = 0.5 every number is 0 or doubled; after eval() nothing happens."""
    layer, x = submission.MyDropout(0.5), torch.tensor([3.0, 1.0, 4.0, 2.0])
    out = layer(x)
    assert_close(out, torch.where(out == 0, 0.0, 2 * x), "MyDropout(x)")
    layer.eval()
    assert_equal(layer(x), x, "MyDropout(x) after eval()")


def check_names(submission):
    """The names in the state_dicts, and the 32 parameters of TwoLayerMLP(3, 5, 2)."""
    model = submission.TwoLayerMLP(3, 5, 2)
    names = {"fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"}
    if set(model.state_dict()) != names:
        raise Mismatch(f"TwoLayerMLP: the names are {', '.join(model.state_dict()) or 'missing'}")
    count = submission.count_params(model)
    if count != 32:
        raise Mismatch(f"count_params(TwoLayerMLP(3, 5, 2)): got {count}, expected 32")
