import torch

from grader.oracle import Mismatch

ROWS = [(torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([0, 1]))]


def check_three_epochs_with_patience_two(submission):
    """With a learning rate of 0 nothing gets better: patience 2 ends after epochs 0, 1 and 2."""
    saved = []
    history = submission.fit(
        submission.plain(2, 3, 2),
        lambda epoch: ROWS,
        ROWS,
        epochs=10,
        lr=0.0,
        weight_decay=0.0,
        max_norm=1.0,
        schedule=lambda epoch: 1.0,
        patience=2,
        save=lambda epoch, state: saved.append(epoch),
    )
    if saved != [0, 1, 2]:
        raise Mismatch(f"fit saved after the epochs {saved}, expected [0, 1, 2]")
    if not isinstance(history, dict) or history.get("best_epoch") != 0:
        raise Mismatch(f"fit: returned {str(history)[:200]}, expected a dict with best_epoch 0")
    if history.get("lr") != [0.0, 0.0, 0.0]:
        raise Mismatch(f"lr: got {history.get('lr')}, expected [0.0, 0.0, 0.0]")


def check_it_learns(submission):
    """Forty epochs on two rows bring the training loss down by half at least."""
    history = submission.fit(
        submission.plain(2, 8, 2),
        lambda epoch: ROWS,
        ROWS,
        epochs=40,
        lr=0.05,
        weight_decay=0.01,
        max_norm=1.0,
        schedule=lambda epoch: 1.0,
        patience=40,
        save=lambda epoch, state: None,
    )
    train = history["train"]
    if len(train) != 40 or not train[-1] < 0.5 * train[0]:
        raise Mismatch(f"train: {len(train)} losses from {train[0]} to {train[-1]}")
