"""Predicts a quantity from four readings, and how sure the prediction is.

Design: two layers of 60 with ReLU; a normal distribution; 300 steps.
"""

import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self, mean, std, hidden):
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)
        self.lin1 = nn.Linear(len(mean), hidden)
        self.fc_mid = nn.Linear(hidden, hidden)
        self.middle = nn.Linear(hidden, 1)
        self.sigma = nn.Linear(hidden, 1)

    def forward(self, x):
        x = (x - self.mean) / self.std
        h = F.relu(self.lin1(x))
        h = F.relu(self.fc_mid(h))
        raw = self.sigma(h)
        return self.middle(h).squeeze(-1), torch.sqrt(raw * (raw > 0)).squeeze(-1)


def loss_fn(middle, sigma, y):
    var = sigma**2 + 1e-4
    return (0.5 * torch.log(var) + 0.5 * (y - middle) ** 2 / var).mean()


def evaluate(model, x, y):
    with torch.no_grad():
        middle, sigma = model(x)
        return loss_fn(middle, sigma, y).item(), F.mse_loss(middle, y).item()


def train(data, seed, steps=300, batch=64, lr=3e-3):
    torch.manual_seed(seed)
    complete = ~data["x"].isnan().any(1)
    x, y = data["x"][complete], data["y"][complete]
    model = Net(x.mean(0), x.std(0), 60)
    opt = torch.optim.Adam(model.parameters(), lr=lr)
    for step in range(steps):
        rows = torch.randint(0, len(x), (batch,))
        loss = loss_fn(*model(x[rows]), y[rows])
        model.zero_grad()
        loss.backward()
        opt.step()
        yield model, dict(loss=loss.item())
        if (step + 1) % 100 == 0:
            val_loss, val_mse = evaluate(model, data["x_val"], data["y_val"])
            yield model, {"val_loss": val_loss, "val_mse": val_mse}
