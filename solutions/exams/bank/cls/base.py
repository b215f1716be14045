"""Sorts measurements into eight classes.

Design: two layers of 60, batch norm after the first of them, dropout 0.2; 4 epochs.
"""

import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self, x, hidden, classes):
        super().__init__()
        self.register_buffer("mean", x.mean(0))
        self.register_buffer("std", x.std(0))
        self.fc1 = nn.Linear(x.shape[1], hidden)
        self.bn = nn.BatchNorm1d(hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.drop = nn.Dropout(0.2)
        self.out = nn.Linear(hidden, classes)

    def forward(self, x):
        x = (x - self.mean) / self.std
        h = F.relu(self.bn(self.fc1(x)))
        h = self.drop(F.relu(self.fc2(h)))
        return self.out(h)


def loss_fn(logits, y):
    return F.cross_entropy(logits, y)


def evaluate(model, x, y):
    model.eval()
    with torch.no_grad():
        logits = model(x)
        loss = loss_fn(logits, y)
        accuracy = (logits.argmax(1) == y).float().mean()
    model.train()
    return loss.item(), accuracy.item()


def train(data, seed, epochs=4, batch=64, lr=3e-3):
    torch.manual_seed(seed)
    x, y = data["x"], data["y"]
    model = Net(x, 60, data["classes"])
    opt = torch.optim.AdamW(model.parameters(), lr=lr)
    for epoch in range(epochs):
        order = torch.randperm(len(x))
        for i in range(0, len(x), batch):
            rows = order[i : i + batch]
            loss = loss_fn(model(x[rows]), y[rows])
            opt.zero_grad()
            loss.backward()
            opt.step()
            yield model, {"loss": loss.item()}
        val_loss, val_accuracy = evaluate(model, data["x_val"], data["y_val"])
        yield model, {"epoch": epoch, "val_loss": val_loss, "val_accuracy": val_accuracy}
