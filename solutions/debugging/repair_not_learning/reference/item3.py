"""Predicts a quantity from four readings, and how sure the prediction is.

Design: two layers of 60 with ReLU; a normal distribution; 300 steps.
"""

import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self, mean, std, size):
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)
        self.fc_in = nn.Linear(len(mean), size)
        self.fc2 = nn.Linear(size, size)
        self.mu = nn.Linear(size, 1)
        self.sigma = nn.Linear(size, 1)

    def forward(self, x):
        x = (x - self.mean) / self.std
        hid = F.relu(self.fc_in(x))
        hid = F.relu(self.fc2(hid))
        return self.mu(hid).squeeze(-1), F.softplus(self.sigma(hid)).squeeze(-1)


def loss_fn(mu, sigma, y):
    var = sigma**2 + 1e-4
    return (0.5 * torch.log(var) + 0.5 * (y - mu) ** 2 / var).mean()


def evaluate(model, x, y):
    with torch.no_grad():
        mu, sigma = model(x)
        return loss_fn(mu, sigma, y).item(), F.mse_loss(mu, y).item()


def train(data, seed, steps=300, batch=64, lr=3e-3):
    torch.manual_seed(seed)
    complete = ~data["x"].isnan().any(1)
    x, y = data["x"][complete], data["y"][complete]
    model = Net(x.mean(0), x.std(0), 60)
    opt = torch.optim.Adam(model.parameters(), lr=lr)
    for step in range(steps):
        idx = torch.randint(0, len(x), (batch,))
        loss = loss_fn(*model(x[idx]), y[idx])
        model.zero_grad()
        loss.backward()
        opt.step()
        yield model, dict(loss=loss.item())
        if (step + 1) % 100 == 0:
            val_loss, val_mse = evaluate(model, data["x_val"], data["y_val"])
            yield model, {"val_loss": val_loss, "val_mse": val_mse}
