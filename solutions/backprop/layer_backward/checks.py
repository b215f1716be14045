import torch
import torch.nn.functional as F
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.oracle import (
    assert_close,
    assert_differences,
    assert_equal,
    assert_tensor,
    generator,
    randn,
    seeds,
    sides,
    unpack,
    weight,
)


def layernorm(x, g, b, eps=1e-5):
    return F.layer_norm(x, g.shape, g, b, eps)


# What each layer computes, for torch to differentiate, and the names of its gradients.
LAYERS = {
    "linear": (F.linear, ["dx", "dW", "db"]),
    "relu": (torch.relu, ["dx"]),
    "sigmoid": (torch.sigmoid, ["dx"]),
    "softmax_ce": (F.cross_entropy, ["dlogits"]),
    "layernorm": (layernorm, ["dx", "dg", "db"]),
    "embedding": (F.embedding, ["dW"]),
}
LEADS = st.lists(sides(1, 4), max_size=3).map(tuple)


def strided(x):
    """The same values, laid out in memory as a transpose."""
    return x.mT.contiguous().mT if x.ndim > 1 else x


def inputs(layer, lead=(2, 5), i=3, o=4, seed=0):
    """Float64 arguments: leading dimensions, i features in, o features out (classes, rows)."""
    x, others = strided(randn(*lead, i, seed=seed)), generator(seed)
    if layer == "linear":
        return x, randn(o, i, seed=seed + 1), randn(o, seed=seed + 2)
    if layer == "layernorm":
        return x, randn(i, seed=seed + 1), randn(i, seed=seed + 2)
    if layer == "softmax_ce":
        n = torch.Size(lead).numel()
        return strided(randn(n, o, seed=seed)), torch.randint(o, (n,), generator=others)
    if layer == "embedding":
        return torch.randint(o, lead, generator=others), randn(o, i, seed=seed + 1)
    # relu has no finite difference at its kink.
    return (torch.where(x == 0, 0.5, x),)


def truth(layer, args, seed=0, **kwargs):
    """An upstream gradient dy, the output, and the gradients that torch autograd finds."""
    leaves = [a.clone().requires_grad_() if a.is_floating_point() else a for a in args]
    out = LAYERS[layer][0](*leaves, **kwargs)
    dy = strided(randn(*out.shape, seed=seed + 3).to(out.dtype))
    wanted = [leaf for leaf in leaves if leaf.requires_grad]
    return dy, out.detach(), torch.autograd.grad(out, wanted, dy)


def forward(submission, layer, *args, **kwargs):
    """Output and cache."""
    name = f"{layer}_fwd"
    return unpack(getattr(submission, name)(*args, **kwargs), 2, name)


def gradients(layer, returned):
    """What `<layer>_bwd` returned, as a list of one or three."""
    count = len(LAYERS[layer][1])
    return [returned] if count == 1 else list(unpack(returned, count, f"{layer}_bwd"))


def backward(submission, layer, dy, cache):
    return gradients(layer, getattr(submission, f"{layer}_bwd")(dy, cache))


def assert_agrees(submission, layer, args, seed=0, tolerance=None, **kwargs):
    """Output and gradients of a layer equal those of torch."""
    dy, out, expected = truth(layer, args, seed, **kwargs)
    got, cache = forward(submission, layer, *args, **kwargs)
    assert_close(got, out, f"{layer}_fwd", **(tolerance or {}))
    names, returned = LAYERS[layer][1], backward(submission, layer, dy, cache)
    for name, mine, true in zip(names, returned, expected, strict=True):
        assert_close(mine, true, f"{name} of {layer}_bwd", **(tolerance or {}))


@weight(2)
@example(lead=(5,), i=3, o=3, seed=0)  # a square W fits both ways round
@example(lead=(2, 5), i=3, o=4, seed=0)
@given(lead=LEADS, i=sides(), o=sides(), seed=seeds())
def check_linear(submission, lead, i, o, seed):
    """linear: y, dx, dW and db equal torch's, for any number of leading dimensions."""
    assert_agrees(submission, "linear", inputs("linear", lead, i, o, seed), seed)


@given(lead=LEADS, i=sides(), seed=seeds())
def check_relu(submission, lead, i, seed):
    """relu: the gradient passes where x > 0 and stops elsewhere, x = 0 included."""
    assert_agrees(submission, "relu", (torch.tensor([-1.0, 0.0, 2.0]).double(),))
    assert_agrees(submission, "relu", inputs("relu", lead, i, seed=seed), seed)


@given(lead=LEADS, i=sides(), seed=seeds())
def check_sigmoid(submission, lead, i, seed):
    """sigmoid: y and dx equal torch's."""
    assert_agrees(submission, "sigmoid", inputs("sigmoid", lead, i, seed=seed), seed)


@weight(2)
@example(n=5, classes=3, seed=0)
@given(n=sides(), classes=sides(), seed=seeds())
def check_softmax_ce(submission, n, classes, seed):
    """softmax_ce: the mean loss, and dlogits for any dloss, equal torch's."""
    assert_agrees(submission, "softmax_ce", inputs("softmax_ce", (n,), o=classes, seed=seed), seed)


def check_large_inputs_stay_finite(submission):
    """Logits of 1000 do not overflow, neither in softmax_ce nor in sigmoid."""
    logits = torch.tensor([[1000.0, 0.0, -1000.0], [3.0, 900.0, 901.0]], dtype=torch.float64)
    for target in ([0, 2], [1, 0]):
        assert_agrees(submission, "softmax_ce", (logits, torch.tensor(target)))
    assert_agrees(submission, "sigmoid", (logits,))


@weight(2)
@example(lead=(2, 5), i=4, seed=0, scale=1.0, eps=0.5)
@example(lead=(2, 5), i=4, seed=0, scale=0.003, eps=1e-5)
@given(
    lead=LEADS,
    i=sides(),
    seed=seeds(),
    scale=st.sampled_from([1.0, 0.003]),  # 0.003 squared is about eps: now its place matters
    eps=st.sampled_from([1e-5, 0.5]),
)
def check_layernorm(submission, lead, i, seed, scale, eps):
    """layernorm: y, dx, dg and db equal torch's, for any eps and any leading dimensions."""
    x, g, b = inputs("layernorm", lead, i, seed=seed)
    given_eps = {} if eps == 1e-5 else {"eps": eps}
    assert_agrees(submission, "layernorm", (x * scale, g, b), seed, **given_eps)


@given(lead=LEADS, i=sides(2, 6), seed=seeds())
def check_layernorm_gradient_sums_to_zero(submission, lead, i, seed):
    """With g = 1, each row of layernorm's dx sums to 0: shifting a row changes nothing."""
    x, _, b = inputs("layernorm", lead, i, seed=seed)
    _, cache = forward(submission, "layernorm", x, torch.ones_like(b), b)
    dy = randn(*x.shape, seed=seed + 3)
    dx = backward(submission, "layernorm", dy, cache)[0]
    dx = assert_tensor(dx, "dx of layernorm_bwd", shape=tuple(x.shape), dtype=x.dtype)
    assert_close(dx.sum(-1), torch.zeros(lead).double(), "row sums of dx", atol=1e-9)


@weight(2)
@example(lead=(2, 5), rows=4, i=3, seed=0)
@given(lead=LEADS, rows=sides(), i=sides(), seed=seeds())
def check_embedding(submission, lead, rows, i, seed):
    """embedding: a row that is read several times gets the sum of all its gradients."""
    assert_agrees(submission, "embedding", inputs("embedding", lead, i, rows, seed), seed)


def check_finite_differences(submission):
    """Every backward pass agrees with central differences of your own forward pass."""
    for layer in LAYERS:
        args = inputs(layer, (2, 2))
        dy, _, _ = truth(layer, args)
        _, cache = forward(submission, layer, *args)
        found = iter(backward(submission, layer, dy, cache))
        rows = [next(found) if a.is_floating_point() else None for a in args]
        value = lambda *point, layer=layer: forward(submission, layer, *point)[0]  # noqa: E731
        assert_differences(value, args, rows, dy, what=f"gradient of {layer}_fwd")


@settings(max_examples=10)
@given(seed=seeds())
def check_network(submission, seed):
    """Chained, they give the gradients of a network: those of every parameter equal torch's."""
    idx, E = inputs("embedding", (7,), seed=seed)
    _, g, b = inputs("layernorm", seed=seed + 10)
    _, W1, b1 = inputs("linear", o=5, seed=seed + 20)
    _, W2, b2 = inputs("linear", i=5, o=6, seed=seed + 30)
    target = torch.randint(6, (7,), generator=generator(seed))

    leaves = [p.clone().requires_grad_() for p in (E, g, b, W1, b1, W2, b2)]
    e, gain, bias, w1, c1, w2, c2 = leaves
    hidden = layernorm(torch.sigmoid(F.embedding(idx, e)), gain, bias)
    loss = F.cross_entropy(F.linear(torch.relu(F.linear(hidden, w1, c1)), w2, c2), target)
    expected = torch.autograd.grad(loss, leaves)

    caches, x = [], idx
    chain = [
        ("embedding", (E,)),
        ("sigmoid", ()),
        ("layernorm", (g, b)),
        ("linear", (W1, b1)),
        ("relu", ()),
        ("linear", (W2, b2)),
        ("softmax_ce", (target,)),
    ]
    for layer, rest in chain:
        x, cache = forward(submission, layer, x, *rest)
        caches.append(cache)
    assert_close(x, loss.detach(), "the loss")
    d, found = torch.ones_like(x), []
    for (layer, _), cache in zip(reversed(chain), reversed(caches), strict=True):
        d, *more = backward(submission, layer, d, cache)
        found = [*more, *found]
    names = ("dE", "dg", "db", "dW1", "db1", "dW2", "db2")
    for name, mine, true in zip(names, [d, *found], expected, strict=True):
        assert_close(mine, true, f"{name} of the network")


def check_keeps_arguments(submission):
    """No call changes its arguments, and a second backward call gives the same as the first."""
    for layer in LAYERS:
        args = inputs(layer)
        dy, _, _ = truth(layer, args)
        returned, after, _ = getattr(submission, f"{layer}_fwd").keeping(*args)
        for k, (before, now) in enumerate(zip(args, after, strict=True)):
            assert_equal(now, before, f"argument {k + 1} after {layer}_fwd")
        _, cache = unpack(returned, 2, f"{layer}_fwd")
        first, (dy_after, cache), _ = getattr(submission, f"{layer}_bwd").keeping(dy, cache)
        assert_equal(dy_after, dy, f"dy after {layer}_bwd")
        second = backward(submission, layer, dy, cache)
        pairs = zip(LAYERS[layer][1], second, gradients(layer, first), strict=True)
        for name, again, before in pairs:
            assert_close(again, before, f"{name} of a second {layer}_bwd with the same cache")


def check_float32(submission):
    """float32 in, float32 out."""
    for layer in LAYERS:
        args = [a.float() if a.is_floating_point() else a for a in inputs(layer)]
        assert_agrees(submission, layer, args, tolerance={"rtol": 1e-4, "atol": 1e-5})
