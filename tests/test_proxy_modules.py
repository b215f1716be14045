"""Modules that stay in the box: made, called, trained, differentiated, let go."""

from __future__ import annotations

import pytest
import torch

from grader.oracle import randn
from grader.proxy import TRACE_CALLS, Parameter, Refused, Remote, SubmissionError

pytest_plugins = ["one_box"]


def raised(call, *args, **kwargs):
    with pytest.raises(SubmissionError) as caught:
        call(*args, **kwargs)
    return caught.value


LAYER = """
import torch
from torch import nn

class Layer(nn.Module):
    size = 3

    def __init__(self, width, *, bias=True):
        super().__init__()
        if width < 1:
            raise ValueError("width must be positive")
        self.width = width
        self.linear = nn.Linear(width, 2, bias=bias, dtype=torch.float64)
        self.scale = nn.Parameter(torch.ones(()), requires_grad=False)
        self.register_buffer("steps", torch.tensor(0))
        self.drop = nn.Dropout(0.5)

    def forward(self, x, *, twice=False):
        self.steps += 1
        out = self.drop(self.linear(x)) * self.scale
        return (out, 2 * out) if twice else out

    def double(self, x):
        return 2 * x

def weight_of(layer):
    return layer.linear.weight

def train(model, get_batch, steps, lr=0.1):
    weights = [p for p in model.parameters() if p.requires_grad]
    for step in range(steps):
        x, y = get_batch(step)
        loss = ((model(x) - y) ** 2).mean()
        for weight, gradient in zip(weights, torch.autograd.grad(loss, weights)):
            weight.data -= lr * gradient
        yield loss.item()
    return "trained"

def greedy(model, get_batch, steps):
    seen = []
    try:
        while True:
            seen.append(get_batch(len(seen)))
    except RuntimeError as error:
        return len(seen), type(error).__name__, str(error)
"""
X = randn(4, 3, seed=1)


def test_a_module_is_made_called_and_read(load):
    submission = load(LAYER)
    layer = submission.Layer(3, bias=False)
    assert isinstance(layer, Remote) and repr(layer) == "<Layer>" and layer.handle.kind == "module"
    assert layer(X).shape == (4, 2) and layer.double(3) == 6
    assert (layer.width, layer.size, layer.training) == (3, 3, True)
    assert layer.linear.weight.shape == (2, 3) and layer.linear.bias is None
    assert torch.equal(submission.weight_of(layer), layer.linear.weight)
    error = raised(submission.Layer, 0)
    assert (error.call, error.message) == ("Layer", "width must be positive")
    assert raised(getattr, layer, "colour").kind == "AttributeError"


def test_train_and_eval_change_the_module(load):
    layer = load(LAYER).Layer(3)
    assert layer.eval().training is False and layer.training is False
    assert torch.equal(layer(X), layer(X))
    layer.train()
    assert layer.training is True and not torch.equal(layer(X), layer(X))
    layer.requires_grad_(False)
    assert not any(row.requires_grad for row in layer.parameters())


def test_parameters_are_rows_without_values(load):
    assert load(LAYER).Layer(3).parameters() == [
        Parameter("scale", (), torch.float32, False),
        Parameter("linear.weight", (2, 3), torch.float64, True),
        Parameter("linear.bias", (2,), torch.float64, True),
    ]


def test_a_state_goes_out_and_into_another_module(load):
    submission = load(LAYER)
    first, second = submission.Layer(3).eval(), submission.Layer(3).eval()
    state = first.state_dict()
    assert list(state) == ["scale", "steps", "linear.weight", "linear.bias"]
    assert not torch.equal(first(X), second(X))
    second.load_state_dict(state)
    assert torch.equal(first(X), second(X))
    state["linear.bias"] += 1
    first.load_state_dict(state)
    assert torch.allclose(first(X), second(X) + 1)
    assert raised(first.load_state_dict, {}).kind == "RuntimeError"


def test_a_name_of_the_file_is_no_object(load):
    submission = load(LAYER)
    with pytest.raises(TypeError, match="`Layer` is a name of the file, not an object"):
        submission.Layer.parameters()


# vjp


def test_gradients_by_inputs_and_keywords(load):
    f = load("def f(x, n, *, y, z=None): return x * n * y").f
    x, y, g = X, randn(4, 3, seed=2), randn(4, 3, seed=3)
    out, inputs, parameters = f.vjp(x, 3, y=y, z=x, cotangent=g)
    assert torch.equal(out, x * 3 * y) and set(inputs) == {0, "y", "z"} and parameters == {}
    assert torch.equal(inputs[0], g * y * 3) and torch.equal(inputs["y"], g * (x * 3))
    assert inputs["z"] is None


def test_gradients_by_parameters_leave_frozen_ones_out(load):
    layer = load(LAYER).Layer(3).eval()
    g = randn(4, 2, seed=3)
    gradients = layer.vjp(X, cotangent=g)
    assert set(gradients.parameters) == {"linear.weight", "linear.bias"}
    assert torch.allclose(gradients.parameters["linear.weight"], g.T @ X)
    assert torch.allclose(gradients.parameters["linear.bias"], g.sum(0))
    assert torch.allclose(gradients.inputs[0], g @ layer.linear.weight)
    assert gradients.out.requires_grad is False


def test_gradients_of_several_outputs_add_up_and_one_may_be_left_out(load):
    layer = load(LAYER).Layer(3).eval()
    g, h = randn(4, 2, seed=3), randn(4, 2, seed=4)
    first = layer.vjp(X, twice=True, cotangent=(g, None))
    both = layer.vjp(X, twice=True, cotangent=(g, h))
    assert isinstance(both.out, tuple) and torch.equal(both.out[1], 2 * both.out[0])
    assert torch.allclose(first.inputs[0], g @ layer.linear.weight)
    assert torch.allclose(both.inputs[0], (g + 2 * h) @ layer.linear.weight)


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        ("x.detach()", "RuntimeError", "detached"),
        ("3", "TypeError", "returned int, not a tensor"),
        ("x[:2]", "ValueError", "shape (2, 3), expected (4, 3)"),
        ("x.clone().numpy()", "RuntimeError", "requires grad"),
    ],
)
def test_an_output_without_a_gradient_is_an_error_of_the_submission(load, body, kind, said):
    error = raised(load(f"def f(x): return {body}").f.vjp, X, cotangent=X)
    assert error.kind == kind and said in error.message


def test_inputs_that_are_changed_in_place_cannot_spoil_those_of_the_check(load):
    before = X.clone()
    f = load("def f(x):\n    x.data.zero_()\n    return x * 2").f
    gradients = f.vjp(X, cotangent=X)
    assert torch.equal(X, before) and torch.equal(gradients.inputs[0], 2 * X)


# Training


def test_training_asks_the_check_for_its_batches(load):
    submission = load(LAYER)
    layer = submission.Layer(3).eval()
    asked = []

    def get_batch(step):
        asked.append(step)
        return X, X[:, :2]

    before = layer.linear.weight
    losses = list(submission.train(layer, get_batch, 30, lr=0.5))
    assert asked == list(range(30)) and losses[-1] < losses[0] / 4
    assert all(type(loss) is float for loss in losses)
    assert not torch.equal(before, layer.linear.weight)


def test_a_refusal_reaches_the_submission_as_a_runtime_error(load):
    def get_batch(step):
        if step == 3:
            raise Refused("three batches were agreed")
        return X, X[:, :2]

    submission = load(LAYER)
    layer = submission.Layer(3)
    assert submission.greedy(layer, get_batch, 3) == (3, "Refused", "three batches were agreed")
    losses = submission.train(layer, get_batch, 4)
    with pytest.raises(SubmissionError, match="train raised Refused: three batches") as caught:
        list(losses)
    assert caught.value.line is not None


# Release


def test_modules_that_the_check_let_go_of_leave_the_box(load):
    submission = load(
        """
        import gc, weakref
        from torch import nn
        alive = weakref.WeakSet()
        class Layer(nn.Module):
            def __init__(self):
                super().__init__()
                alive.add(self)
        def count():
            gc.collect()
            return len(alive)
        def is_first(layer): return layer is first
        first = Layer()
        def get(): return first
        """
    )
    kept = submission.get()
    for _ in range(2000):
        submission.Layer()
    # The trace of one example keeps what a known mistake would be asked, and no more.
    assert submission.count() <= TRACE_CALLS + 2
    submission.begin()
    assert submission.count() <= 3
    assert submission.is_first(kept) is True
