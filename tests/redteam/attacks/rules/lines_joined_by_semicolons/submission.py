from torch import Tensor, nn, arange, inf, ones


class Block(nn.Module):
    def __init__(self, d, h):
        super().__init__(); self.h = h; self.q = nn.Linear(d, d); self.k = nn.Linear(d, d)
        self.v = nn.Linear(d, d); self.o = nn.Linear(d, d); self.a = nn.LayerNorm(d); w = 4 * d
        self.b = nn.LayerNorm(d); self.up = nn.Linear(d, w); self.g = nn.GELU(); self.down = nn.Linear(w, d)

    def forward(self, x):
        B, T, C = x.shape; h = self.h; w = C // h; y = self.a(x); split = (B, T, h, w)
        q = self.q(y).view(split).mT; k = self.k(y).view(split); v = self.v(y).view(split)
        q = q.mT.transpose(1, 2); k = k.transpose(1, 2); v = v.transpose(1, 2); s = w**0.5
        m = ones(T, T).triu(1).bool(); e = q @ k.mT; e = e / s; e = e.masked_fill(m, -inf); p = e.softmax(-1)
        y = p @ v; y = y.transpose(1, 2); y = y.reshape(B, T, C); x = x + self.o(y)
        y = self.b(x); y = self.up(y); y = self.g(y); y = self.down(y); return x + y


class GPT(nn.Module):
    def __init__(self, vocab_size, block_size, d_model=64, n_heads=4, n_layers=2):
        super().__init__(); V, T, d = vocab_size, block_size, d_model; self.T = T
        self.t = nn.Embedding(V, d); self.p = nn.Embedding(T, d); self.n = nn.LayerNorm(d)
        b = []; [b.append(Block(d, n_heads)) for _ in range(n_layers)]; self.b = nn.Sequential(*b); self.f = nn.Linear(d, V)

    def forward(self, idx):
        T = idx.shape[1]; assert T <= self.T; t = self.t(idx); p = self.p(arange(T)); x = t + p
        x = self.b(x); x = self.n(x); x = self.f(x); return x
