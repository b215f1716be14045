"""You join statements and fill long lines: counted as they are printed, they are more than 50.
caught by: rules
"""

# ruff: noqa
# fmt: off
import math, torch
from torch import nn
from torch.nn import functional as F
class A(nn.Module):
    def __init__(s, d, h, T):
        super().__init__(); s.h = h; s.q = nn.Linear(d, d); s.k = nn.Linear(d, d); s.v = nn.Linear(d, d); s.o = nn.Linear(d, d)
        s.a = nn.LayerNorm(d); s.b = nn.LayerNorm(d); s.u = nn.Linear(d, 4 * d); s.w = nn.Linear(4 * d, d); s.T = T
    def forward(s, x):
        B, T, C = x.shape; y = s.a(x); f = lambda l: l(y).view(B, T, s.h, C // s.h).transpose(1, 2); q = f(s.q); k = f(s.k); v = f(s.v)
        z = q @ k.transpose(-2, -1); z = z / math.sqrt(C // s.h); m = torch.ones(T, T); m = m.tril(); z = z.masked_fill(m == 0, -math.inf)
        z = z.softmax(-1); z = z @ v; z = z.transpose(1, 2); z = z.reshape(B, T, C); x = x + s.o(z); y = s.b(x); y = s.u(y); y = F.gelu(y); return x + s.w(y)
class G(nn.Module):
    def __init__(s, V, T):
        super().__init__(); s.e = nn.Embedding(V, 64); s.p = nn.Embedding(T, 64); s.b = A(64, 4, T); s.c = A(64, 4, T); s.n = nn.LayerNorm(64); s.o = nn.Linear(64, V)
    def forward(s, i): x = s.e(i); x = x + s.p(torch.arange(i.shape[1])); x = s.b(x); x = s.c(x); x = s.n(x); return s.o(x)
def make_model(V, T): return G(V, T)
def train(model, get_batch, steps):
    o = torch.optim.AdamW(model.parameters()); r = torch.optim.lr_scheduler.OneCycleLR(o, 4e-3, total_steps=steps)
    for _ in range(steps): x, y = get_batch(); z = model(x); l = F.cross_entropy(z.flatten(0, 1), y.flatten()); o.zero_grad(); l.backward(); nn.utils.clip_grad_norm_(model.parameters(), 1.0); o.step(); r.step(); yield l.item()
