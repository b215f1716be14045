"""Predicts a quantity from four readings, and how sure the prediction is.

Design: two layers of 56 with ReLU; a normal distribution; 300 steps.
"""

import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self, mean, std, hidden):
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)
        self.fc1 = nn.Linear(len(mean), hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.centre = nn.Linear(hidden, 1)
        self.spread = nn.Linear(hidden, 1)

    def forward(self, x):
        x = (x - self.mean) / self.std
        h = F.relu(self.fc1(x))
        h = F.relu(self.fc2(h))
        return self.centre(h).squeeze(-1), F.softplus(self.spread(h)).squeeze(-1)


def loss_fn(centre, spread, y):
    var = spread**2 + 1e-4
    return (0.5 * torch.log(var) + 0.5 * (y - centre) ** 2 / var).mean()


def evaluate(model, x, y):
    with torch.no_grad():
        centre, spread = model(x)
        return loss_fn(centre, spread, y).item(), F.mse_loss(centre, y).item()


def train(data, seed, steps=300, batch=64, lr=3e-3):
    torch.manual_seed(seed)
    complete = ~data["x"].isnan().any(1)
    x, y = data["x"][complete], data["y"][complete]
    model = Net(x.mean(0), x.std(0), 56)
    opt = torch.optim.Adam(model.parameters(), lr=lr)
    for step in range(steps):
        rows = torch.randint(0, len(x), (batch,))
        loss = loss_fn(*model(x[rows]), y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
        yield model, {"loss": loss.item()}
        if (step + 1) % 100 == 0:
            val_loss, val_mse = evaluate(model, data["x_val"], data["y_val"])
            yield model, {"val_loss": val_loss, "val_mse": val_mse}
