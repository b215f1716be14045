"""Opens the forget gate before training; lengths drawn at random below a growing bound."""

import math

import torch
import torch.nn.functional as F
from torch import nn

CONCLUSIONS = dict.fromkeys(("rnn", "lstm", "gru"), "forgets")
CONCLUSIONS |= {f"lstm, forget_bias {n}": "remembers" for n in (1, 3)}
CONCLUSIONS["rnn, scale 6"] = "explodes"

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


def make_cell(kind, input_size, hidden_size, forget_bias=None, scale=1.0):
    if kind == "lstm":
        cell = nn.LSTM(input_size, hidden_size, batch_first=True)
        if forget_bias is not None:
            open_forget_gate(cell, forget_bias)
    elif kind in ("rnn", "gru"):
        if forget_bias is not None:
            raise ValueError("no forget_bias here")
        layer = nn.GRU if kind == "gru" else nn.RNN
        cell = layer(input_size, hidden_size, batch_first=True)
    else:
        raise ValueError("unknown kind")
    with torch.no_grad():
        cell.weight_hh_l0 *= scale
    return cell


def open_forget_gate(cell, value):
    forget = slice(cell.hidden_size, 2 * cell.hidden_size)
    with torch.no_grad():
        cell.bias_ih_l0[forget].fill_(value)
        cell.bias_hh_l0[forget].zero_()


def grad_by_distance(cell, x):
    steps = [each.detach().requires_grad_() for each in x.unbind(1)]
    out = cell(torch.stack(steps, 1))[0]
    gradients = torch.autograd.grad(out[:, -1], steps, torch.ones_like(out[:, -1]))
    sizes = torch.stack([each.norm() for each in reversed(gradients)])
    return sizes / sizes[0]


def clip(gradients, max_norm):
    norm = math.sqrt(sum(float((each**2).sum()) for each in gradients))
    return [each * min(1.0, max_norm / max(norm, 1e-30)) for each in gradients]


class Recall(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.embed = nn.Embedding(16, 16)
        self.cell = make_cell(kind, 16, 48)
        self.head = nn.Linear(48, 8)

    def forward(self, x):
        out, _ = self.cell(self.embed(x))
        return self.head(out[:, -1])


def train_recall(model, get_batch, steps):
    open_forget_gate(model.cell, 3.0)
    optimiser = torch.optim.AdamW(model.parameters(), lr=5e-3)
    for step in range(steps):
        x, y = get_batch(1 + min(39, 50 * step // steps))
        optimiser.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimiser.step()
        yield float(loss)
