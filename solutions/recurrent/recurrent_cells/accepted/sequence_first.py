"""All inputs are multiplied at once; the outputs are written into a tensor made beforehand."""

import torch
import torch.nn.functional as F


def rnn(x, h0, W_ih, W_hh, b_ih, b_hh):
    drive = torch.einsum("bti,gi->btg", x, W_ih) + (b_ih + b_hh)
    h, steps = h0, ()
    for t in range(x.size(1)):
        h = (drive[:, t] + F.linear(h, W_hh)).tanh()
        steps += (h,)
    return torch.stack(steps, dim=1), h


def lstm(x, h0, c0, W_ih, W_hh, b_ih, b_hh):
    H = h0.shape[-1]
    drive = F.linear(x, W_ih, b_ih + b_hh).transpose(0, 1)
    h, c = h0, c0
    out = []
    for each in drive:
        z = each + h.matmul(W_hh.t())
        gates = torch.sigmoid(z)
        c = gates[:, H : 2 * H] * c + gates[:, :H] * torch.tanh(z[:, 2 * H : 3 * H])
        h = gates[:, 3 * H :] * torch.tanh(c)
        out.append(h.unsqueeze(1))
    return [torch.cat(out, dim=1), h, c]


def gru(x, h0, W_ih, W_hh, b_ih, b_hh):
    H = h0.shape[-1]
    h, out = h0, []
    for t in range(x.shape[1]):
        a, b = F.linear(x[:, t], W_ih, b_ih), F.linear(h, W_hh, b_hh)
        r, z = torch.sigmoid(a[:, : 2 * H] + b[:, : 2 * H]).split(H, dim=1)
        n = torch.tanh(a[:, 2 * H :] + r * b[:, 2 * H :])
        h = n + z * (h - n)
        out.append(h)
    return torch.stack(out, dim=1), h


def known(kind):
    cells = {"rnn": rnn, "lstm": lstm, "gru": gru}
    try:
        return cells[kind]
    except KeyError:
        raise ValueError(f"unknown kind: {kind}") from None


def bidirectional(kind, x, forward, backward):
    cell = known(kind)
    last_first = torch.arange(x.shape[1] - 1, -1, -1)
    back = cell(x[:, last_first], *backward)[0]
    return torch.cat((cell(x, *forward)[0], back[:, last_first]), dim=2)


def set_forget_bias(b_ih, b_hh, value):
    i, _, g, o = b_ih.chunk(4)
    first = torch.cat([i, torch.full_like(g, value), g, o])
    i, _, g, o = b_hh.chunk(4)
    return first, torch.cat([i, torch.zeros_like(g), g, o])


def n_parameters(kind, input_size, hidden_size):
    known(kind)
    rows = hidden_size * (1 + 2 * (kind == "gru") + 3 * (kind == "lstm"))
    return rows * input_size + rows * hidden_size + 2 * rows
