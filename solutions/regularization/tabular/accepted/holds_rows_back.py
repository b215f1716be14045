"""Layer normalisation, best weights by an eighth of the rows held back, least squares by hand."""

import copy

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss

CHOICES = {"cancer": "linear", "diabetes": "linear", "rules": "boosting", "smooth": "network"}


def guess(y: Tensor, count: int) -> Tensor:
    if y.dtype == torch.float32:
        return torch.full((count,), y.mean().item())
    counts = [int((y == k).sum()) for k in range(int(y.max()) + 1)]
    return torch.full((count,), counts.index(max(counts)))


def scale(X: Tensor, X_new: Tensor) -> tuple[Tensor, Tensor]:
    mean = X.mean(0)
    std = ((X - mean) ** 2).mean(0).sqrt()
    std = torch.where(X.amax(0) == X.amin(0), torch.ones_like(std), std)
    return (X - mean) / std, (X_new - mean) / std


def linear(X: Tensor, y: Tensor, X_new: Tensor) -> Tensor:
    X, X_new = (t.double() for t in scale(X, X_new))
    numbers = y.dtype == torch.float32
    hot = y[:, None].double() if numbers else torch.eye(int(y.max()) + 1).double()[y]
    middle = hot.mean(0)  # the intercept, since all columns of X have mean 0
    out = X_new @ torch.linalg.solve(X.T @ X, X.T @ (hot - middle)) + middle
    return out[:, 0].float() if numbers else out.argmax(1)


def mlp(X: Tensor, y: Tensor, X_new: Tensor, seed: int) -> Tensor:
    torch.manual_seed(seed)
    X, X_new = scale(X, X_new)
    numbers = y.dtype == torch.float32
    mean, std = (y.mean(), y.std()) if numbers else (0, 1)
    target = (y - mean) / std if numbers else y
    model = nn.Sequential(
        *(nn.Linear(X.shape[1], 64), nn.LayerNorm(64), nn.GELU(), nn.Dropout(0.2)),
        *(nn.Linear(64, 64), nn.LayerNorm(64), nn.GELU(), nn.Dropout(0.2)),
        nn.Linear(64, 1 if numbers else int(y.max()) + 1),
    )

    def loss(rows: Tensor) -> Tensor:
        out = model(X[rows])
        return mse_loss(out[:, 0], target[rows]) if numbers else cross_entropy(out, target[rows])

    order = torch.randperm(len(X))
    val, train = order[: len(X) // 8], order[len(X) // 8 :]
    opt = torch.optim.AdamW(model.parameters(), lr=5e-3, weight_decay=0.1)
    lowest, best = float("inf"), model.state_dict()
    for _ in range(40):
        model.train()
        for rows in train[torch.randperm(len(train))].split(64):
            opt.zero_grad()
            loss(rows).backward()
            opt.step()
        model.eval()
        with torch.no_grad():
            now = loss(val).item()
        if now < lowest:
            lowest, best = now, copy.deepcopy(model.state_dict())
    model.load_state_dict(best)
    model.eval()
    with torch.no_grad():
        out = model(X_new)
    return out[:, 0] * std + mean if numbers else out.argmax(1)
