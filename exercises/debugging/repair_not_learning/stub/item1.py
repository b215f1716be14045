"""Sorts measurements into eight classes.

Design: two layers of 68, batch norm after the first of them, dropout 0.2; 4 epochs.
"""

import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self, x, width, classes):
        super().__init__()
        self.register_buffer("mean", x.mean(0))
        self.register_buffer("std", x.std(0))
        self.fc1 = nn.Linear(x.shape[1], width)
        self.bnorm = nn.BatchNorm1d(width)
        self.fc2 = nn.Linear(width, width)
        self.dp = nn.Dropout(0.2)
        self.out = nn.Linear(width, classes)

    def forward(self, x):
        x = (x - self.mean) / self.std
        hid = F.relu(self.bnorm(self.fc1(x)))
        hid = self.dp(F.relu(self.fc2(hid)))
        return self.out(hid)


def loss_fn(logits, y):
    return F.cross_entropy(logits, y)


def evaluate(model, x, y):
    model.train(False)
    with torch.no_grad():
        logits = model(x)
        loss = loss_fn(logits, y)
        accuracy = (logits.argmax(1) == y).float().mean()
    model.train()
    return loss.item(), accuracy.item()


def train(data, seed, epochs=4, batch=64, lr=0.1):
    torch.manual_seed(seed)
    x, y = data["x"], data["y"]
    model = Net(x, 68, data["classes"])
    opt = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    for epoch in range(epochs):
        perm = torch.randperm(len(x))
        for i in range(0, len(x), batch):
            picked = perm[i : i + batch]
            loss = loss_fn(model.forward(x[picked]), y[picked])
            loss.backward()
            opt.step()
            yield model, {"loss": loss.item()}
        val_loss, val_accuracy = evaluate(model, data["x_val"], data["y_val"])
        yield model, {"epoch": epoch, "val_loss": val_loss, "val_accuracy": val_accuracy}
