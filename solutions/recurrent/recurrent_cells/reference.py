"""Recurrent cells: one step, repeated; what is new in each of them is the step."""

from typing import Any

import torch
from torch import Tensor


def rnn(
    x: Tensor, h0: Tensor, W_ih: Tensor, W_hh: Tensor, b_ih: Tensor, b_hh: Tensor
) -> tuple[Tensor, Tensor]:
    h, out = h0, []
    for x_t in x.unbind(1):
        h = torch.tanh(x_t @ W_ih.T + b_ih + h @ W_hh.T + b_hh)
        out.append(h)
    return torch.stack(out, 1), h


def lstm(
    x: Tensor, h0: Tensor, c0: Tensor, W_ih: Tensor, W_hh: Tensor, b_ih: Tensor, b_hh: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """c only passes products and sums, so what a gate leaves open is kept."""
    h, c, out = h0, c0, []
    for x_t in x.unbind(1):
        i, f, g, o = (x_t @ W_ih.T + b_ih + h @ W_hh.T + b_hh).chunk(4, -1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        out.append(h)
    return torch.stack(out, 1), h, c


def gru(
    x: Tensor, h0: Tensor, W_ih: Tensor, W_hh: Tensor, b_ih: Tensor, b_hh: Tensor
) -> tuple[Tensor, Tensor]:
    """The two sides stay apart, since r works on the state's side of n alone."""
    h, out = h0, []
    for x_t in x.unbind(1):
        rx, zx, nx = (x_t @ W_ih.T + b_ih).chunk(3, -1)
        rh, zh, nh = (h @ W_hh.T + b_hh).chunk(3, -1)
        r, z = (rx + rh).sigmoid(), (zx + zh).sigmoid()
        n = torch.tanh(nx + r * nh)
        h = (1 - z) * n + z * h
        out.append(h)
    return torch.stack(out, 1), h


CELLS = {"rnn": (rnn, 1), "lstm": (lstm, 4), "gru": (gru, 3)}


def _cell(kind: str) -> tuple[Any, int]:
    """The function, and how many gates it has."""
    if kind not in CELLS:
        raise ValueError(f"kind must be rnn, lstm or gru, not {kind!r}")
    return CELLS[kind]


def bidirectional(
    kind: str, x: Tensor, forward: tuple[Any, ...], backward: tuple[Any, ...]
) -> Tensor:
    cell, _ = _cell(kind)
    ahead, back = cell(x, *forward)[0], cell(x.flip(1), *backward)[0]
    return torch.cat([ahead, back.flip(1)], -1)


def set_forget_bias(b_ih: Tensor, b_hh: Tensor, value: float) -> tuple[Tensor, Tensor]:
    hidden = len(b_ih) // 4
    b_ih, b_hh = b_ih.clone(), b_hh.clone()
    b_ih[hidden : 2 * hidden] = value
    b_hh[hidden : 2 * hidden] = 0
    return b_ih, b_hh


def n_parameters(kind: str, input_size: int, hidden_size: int) -> int:
    _, gates = _cell(kind)
    return gates * hidden_size * (input_size + hidden_size + 2)
