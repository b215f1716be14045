"""You validated before the steps of the epoch. Its logits are to be those of the weights after
them.
caught by: check_runs_every_epoch
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

Batch = tuple[Tensor, Tensor]
WIDTH = 256
DROPOUT = {"base": 0.0, "cured": 0.5}
RATE = {"base": 3e-3, "cured": 1e-3}
DECAY = {"base": 0.0, "cured": 0.3}

FINDINGS = {
    "stopping at the best epoch": "helps",
    "dropout 0.5": "helps",
    "weight decay 1e-6": "nothing",
    "80 more epochs": "hurts",
    "900 more rows": "helps",
}


def make_model(kind: str) -> nn.Module:
    p = DROPOUT[kind]
    return nn.Sequential(
        *(nn.Linear(64, WIDTH), nn.ReLU(), nn.Dropout(p)),
        *(nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Dropout(p)),
        nn.Linear(WIDTH, 10),
    )


@torch.no_grad()
def predict(model: nn.Module, x: Tensor) -> Tensor:
    model.eval()
    return model(x)


def train(
    model: nn.Module,
    kind: str,
    batches: Callable[[int], list[Batch]],
    rows: Tensor,
    validate: Callable[[int, Tensor], float],
    epochs: int,
) -> None:
    opt = torch.optim.AdamW(model.parameters(), lr=RATE[kind], weight_decay=DECAY[kind])
    lowest, best = float("inf"), {}
    for epoch in range(epochs):
        loss = validate(epoch, predict(model, rows))
        model.train()
        for x, y in batches(epoch):
            opt.zero_grad()
            cross_entropy(model(x), y).backward()
            opt.step()
        if loss < lowest:
            lowest = loss
            best = {name: value.clone() for name, value in model.state_dict().items()}
    if kind == "cured":
        model.load_state_dict(best)
