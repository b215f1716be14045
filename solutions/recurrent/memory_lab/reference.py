"""Why memory needs gates: cells with open or shut gates, and the gradient that gets through."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

CONCLUSIONS = {
    "rnn": "forgets",
    "lstm": "forgets",
    "gru": "forgets",
    "lstm, forget_bias 1": "remembers",
    "lstm, forget_bias 3": "remembers",
    "rnn, scale 6": "explodes",
}

COMPARISON = {
    "longest way between two tokens, recurrent": "T",
    "longest way between two tokens, attention": "1",
    "steps that wait for each other, recurrent": "T",
    "steps that wait for each other, attention": "1",
    "growth of the cost, recurrent": "T",
    "growth of the cost, attention": "T^2",
    "bidirectional may classify a finished sentence": "yes",
    "bidirectional may predict the next word": "no",
    "clipping cures exploding gradients": "yes",
    "clipping cures vanishing gradients": "no",
}

KINDS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


@torch.no_grad()
def make_cell(
    kind: str,
    input_size: int,
    hidden_size: int,
    forget_bias: float | None = None,
    scale: float = 1.0,
) -> nn.Module:
    if kind not in KINDS:
        raise ValueError(f"kind must be rnn, lstm or gru, not {kind!r}")
    if forget_bias is not None and kind != "lstm":
        raise ValueError(f"forget_bias is for an lstm; a {kind} has no forget gate")
    cell = KINDS[kind](input_size, hidden_size, batch_first=True)
    cell.weight_hh_l0.mul_(scale)
    if forget_bias is not None:
        cell.bias_ih_l0[hidden_size : 2 * hidden_size] = forget_bias
        cell.bias_hh_l0[hidden_size : 2 * hidden_size] = 0
    return cell


def grad_by_distance(cell: nn.Module, x: Tensor) -> Tensor:
    """torch.autograd.grad asks for x only, so the parameters keep the gradients that they have."""
    leaf = x.detach().clone().requires_grad_()
    with torch.enable_grad():
        out, _ = cell(leaf)
        (gradient,) = torch.autograd.grad(out[:, -1].sum(), leaf)
    sizes = gradient.square().sum((0, 2)).sqrt().flip(0)
    return sizes / sizes[0]


def clip(gradients: list[Tensor], max_norm: float) -> list[Tensor]:
    norm = torch.stack([each.square().sum() for each in gradients]).sum().sqrt()
    if norm <= max_norm:
        return gradients
    return [each * (max_norm / norm) for each in gradients]


class Recall(nn.Module):
    def __init__(self, kind: str) -> None:
        super().__init__()
        self.embed = nn.Embedding(16, 16)
        self.cell = make_cell(kind, 16, 48)
        self.head = nn.Linear(48, 8)

    def forward(self, x: Tensor) -> Tensor:
        out, _ = self.cell(self.embed(x))
        return self.head(out[:, -1])


def train_recall(
    model: nn.Module, get_batch: Callable[[int], tuple[Tensor, Tensor]], steps: int
) -> Iterator[float]:
    """Short sequences first: their gradient arrives, and opens the gates for longer ones."""
    parameters = list(model.parameters())
    optimiser = torch.optim.Adam(parameters, lr=1e-2)
    lengths = (5, 10, 20, 30, 40)
    model.train()
    for step in range(steps):
        x, y = get_batch(lengths[len(lengths) * step // steps])
        loss = cross_entropy(model(x), y)
        gradients = torch.autograd.grad(loss, parameters)
        for parameter, gradient in zip(parameters, clip(list(gradients), 1.0), strict=True):
            parameter.grad = gradient
        optimiser.step()
        yield loss.item()
