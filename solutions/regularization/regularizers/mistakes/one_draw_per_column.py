"""You draw one row of the mask and use it for all rows; every value is drawn by itself.
caught by: check_share_and_mean
"""

import copy
import math

import torch
from torch import Tensor


def inverted_dropout(
    x: Tensor, p: float, training: bool, generator: torch.Generator | None = None
) -> Tensor:
    keep = _kept(x, p, generator)
    return x * keep / (1 - p) if training else x


def classic_dropout(
    x: Tensor, p: float, training: bool, generator: torch.Generator | None = None
) -> Tensor:
    keep = _kept(x, p, generator)
    return x * keep if training else x * (1 - p)


def _kept(x: Tensor, p: float, generator: torch.Generator | None) -> Tensor:
    if not 0 <= p < 1:
        raise ValueError(f"p must be at least 0 and below 1, not {p}")
    return torch.rand(x.shape[-1:], generator=generator) >= p


class EarlyStopping:
    def __init__(self, patience: int, min_delta: float = 0.0, mode: str = "min") -> None:
        if patience < 1:
            raise ValueError(f"patience must be at least 1, not {patience}")
        if not min_delta >= 0:
            raise ValueError(f"min_delta must be at least 0, not {min_delta}")
        if mode not in ("min", "max"):
            raise ValueError(f"mode must be min or max, not {mode!r}")
        self.patience, self.min_delta, self.mode = patience, min_delta, mode
        self.best = math.inf if mode == "min" else -math.inf
        self.best_state: dict[str, Tensor] | None = None
        self.best_step: int | None = None
        self.step = self.waited = 0

    def update(self, value: float, state: dict[str, Tensor]) -> bool:
        if self._improves(value):
            self.best, self.best_step = value, self.step
            self.best_state = copy.deepcopy(state)
            self.waited = 0
        else:
            self.waited += 1
        self.step += 1
        return self.waited >= self.patience

    def _improves(self, value: float) -> bool:
        if self.mode == "min":
            return value < self.best - self.min_delta
        return value > self.best + self.min_delta


def fit(w: Tensor, updates: Tensor, values: list[float], stopper: EarlyStopping) -> int:
    taken = 0
    for update, value in zip(updates, values, strict=True):
        w += update
        taken += 1
        if stopper.update(value, {"w": w}):
            break
    w.copy_(stopper.best_state["w"])
    return taken


def decay_groups(named_params: list[tuple[str, Tensor]], wd: float) -> list[dict]:
    named = list(named_params)
    rows = [(name, param) for name, param in named if _decays(name, param)]
    rest = [(name, param) for name, param in named if not _decays(name, param)]
    return [_group(rows, wd), _group(rest, 0.0)]


def _decays(name: str, param: Tensor) -> bool:
    embedding = any(part.endswith(("emb", "embedding")) for part in name.split("."))
    return param.ndim >= 2 and not embedding


def _group(named: list[tuple[str, Tensor]], wd: float) -> dict:
    names, params = [name for name, _ in named], [param for _, param in named]
    return {"names": names, "params": params, "weight_decay": wd}


def l2_penalty(*weights: Tensor, lam: float) -> Tensor:
    return lam * sum((weight**2).sum() for weight in weights)
