"""Your one_cycle climbs along a straight line. It goes up along half a cosine too.
caught by: check_one_cycle
"""

import math


def check(holds: bool, message: str) -> None:
    if not holds:
        raise ValueError(message)


def check_step(step: int, total: int = 1) -> None:
    check(step >= 0, f"step must be at least 0, not {step}")
    check(total >= 1, f"total must be at least 1, not {total}")


def half_cosine(start: float, end: float, progress: float) -> float:
    """From start at progress 0 to end at progress 1."""
    return end + (start - end) * (1 + math.cos(math.pi * progress)) / 2


def constant(step: int, base: float) -> float:
    check_step(step)
    return float(base)


def linear_decay(step: int, base: float, total: int) -> float:
    check_step(step, total)
    if total == 1:
        return float(base) if step == 0 else 0.0
    return base * max(0.0, 1 - step / (total - 1))


def warmup_cosine(step: int, base: float, warmup: int, total: int, min_lr: float = 0.0) -> float:
    check_step(step, total)
    check(0 <= warmup < total, f"warmup must be at least 0 and below total, not {warmup}")
    last = total - 1
    if step < warmup:
        return base * (step + 1) / warmup
    if step >= last:
        return float(min_lr)
    return half_cosine(base, min_lr, (step - warmup) / (last - warmup))


def cosine_annealing(step: int, base: float, T_max: int, eta_min: float = 0.0) -> float:
    check_step(step)
    check(T_max >= 1, f"T_max must be at least 1, not {T_max}")
    return half_cosine(base, eta_min, step / T_max)


def one_cycle(
    step: int,
    max_lr: float,
    total: int,
    pct_start: float = 0.3,
    div: float = 25.0,
    final_div: float = 1e4,
) -> float:
    check_step(step, total)
    peak, last = pct_start * total - 1, total - 1
    check(0 < peak < last, f"pct_start must put the peak inside the run, not {pct_start}")
    start = max_lr / div
    if step <= peak:
        return start + (max_lr - start) * step / peak
    return half_cosine(max_lr, start / final_div, min(1.0, (step - peak) / (last - peak)))


class Plateau:
    def __init__(
        self,
        lr: float,
        factor: float = 0.1,
        patience: int = 10,
        min_lr: float = 0.0,
        threshold: float = 1e-4,
    ) -> None:
        check(0 < factor < 1, f"factor must lie between 0 and 1, not {factor}")
        check(patience >= 0, f"patience must be at least 0, not {patience}")
        self.lr, self.factor, self.patience = float(lr), factor, patience
        self.min_lr, self.threshold = min_lr, threshold
        self.best, self.bad = math.inf, 0

    def step(self, val: float) -> float:
        if val < self.best * (1 - self.threshold):
            self.best, self.bad = val, 0
        else:
            self.bad += 1
        if self.bad > self.patience:
            self.lr, self.bad = max(self.lr * self.factor, self.min_lr), 0
        return self.lr
