"""Train the network of model.py with the settings of config.yaml; writes all other files here."""

from pathlib import Path

import torch
import yaml
from model import build, shape_trace
from run_logger import RunLogger
from sklearn.datasets import load_digits
from torch import nn


def main() -> None:
    config = yaml.safe_load(Path("config.yaml").read_text())
    torch.manual_seed(config["seed"])
    torch.set_num_threads(1)
    digits = load_digits()
    x = torch.tensor(digits.data, dtype=torch.float32) / 16
    y = torch.tensor(digits.target)
    held_out = torch.arange(len(x)) % 5 == 0
    model = build()
    opt = torch.optim.AdamW(
        model.parameters(), lr=config["lr"], weight_decay=config["weight_decay"]
    )
    logger = RunLogger(".", "metrics", config)
    log(logger, 0, model, x, y, held_out)
    for epoch in range(1, config["epochs"] + 1):
        model.train()
        for rows in torch.randperm(int((~held_out).sum())).split(config["batch"]):
            loss = nn.functional.cross_entropy(model(x[~held_out][rows]), y[~held_out][rows])
            opt.zero_grad()
            loss.backward()
            opt.step()
        log(logger, epoch, model, x, y, held_out)
    logger.finish()
    torch.save(model.state_dict(), "checkpoint.pt")
    trace = shape_trace(build(), torch.zeros(5, 64))
    Path("shape_trace.txt").write_text("\n".join(trace) + "\n")


def log(logger: RunLogger, epoch: int, model: nn.Module, x, y, held_out) -> None:
    """Both losses in evaluation mode, over all rows: so the two lines can be compared."""
    model.eval()
    with torch.no_grad():
        logits = model(x)
    train, val = (nn.functional.cross_entropy(logits[r], y[r]) for r in (~held_out, held_out))
    right = (logits.argmax(1) == y)[held_out].float().mean()
    logger.log(epoch, train_loss=train.item(), val_loss=val.item(), val_accuracy=right.item())


main()
