"""Sorts measurements into eight classes.

Design: two layers of 56, batch norm after the first of them, dropout 0.2; 4 epochs.
"""

import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self, x, width, classes):
        super().__init__()
        self.register_buffer("mean", x.mean(0))
        self.register_buffer("std", x.std(0))
        self.lin1 = nn.Linear(x.shape[1], width)
        self.bnorm = nn.BatchNorm1d(width)
        self.fc2 = nn.Linear(width, width)
        self.thin = nn.Dropout(0.2)
        self.out = nn.Linear(width, classes)

    def forward(self, x):
        x = (x - self.mean) / self.std
        z = F.relu(self.bnorm(self.lin1(x)))
        z = self.thin(F.relu(self.fc2(z)))
        return self.out(z)


def loss_fn(raw, y):
    return F.cross_entropy(raw, y)


def evaluate(model, x, y):
    model.train(False)
    with torch.no_grad():
        raw = model(x)
        loss = loss_fn(raw, y)
        accuracy = (raw.argmax(1) == y).float().mean()
    model.train()
    return loss.item(), accuracy.item()


def train(data, seed, epochs=4, batch=64, lr=3e-3):
    torch.manual_seed(seed)
    x, y = data["x"], data["y"]
    model = Net(x, 56, data["classes"])
    opt = torch.optim.AdamW(model.parameters(), lr)
    for epoch in range(epochs):
        shuffled = torch.randperm(len(x))
        for i in range(0, len(x), batch):
            picked = shuffled[i : i + batch]
            loss = loss_fn(model.forward(x[picked]), y[picked])
            opt.zero_grad()
            loss.backward()
            opt.step()
            yield model, {"loss": loss.item()}
        val_loss, val_accuracy = evaluate(model, data["x_val"], data["y_val"])
        yield model, {"epoch": epoch, "val_loss": val_loss, "val_accuracy": val_accuracy}
