"""Cosines written as sin^2, warm-up by interpolation, and torch for the arithmetic."""

import math

import torch


def positive(step, total=1):
    if step < 0:
        raise ValueError("step < 0")
    if total < 1:
        raise ValueError("total < 1")


def down(progress):
    return math.cos(math.pi * progress / 2) ** 2


def constant(step, base):
    positive(step)
    return base


def linear_decay(step, base, total):
    positive(step, total)
    rates = torch.linspace(base, 0, total, dtype=torch.float64)
    return rates[step].item() if step < total else 0.0


def warmup_cosine(step, base, warmup, total, min_lr=0.0):
    positive(step, total)
    if warmup < 0 or warmup >= total:
        raise ValueError("warmup")
    if step < warmup:
        return (step + 1) / warmup * base
    progress = min(1.0, (step - warmup) / max(1, total - 1 - warmup))
    if warmup == total - 1:
        progress = 1.0
    return min_lr + (base - min_lr) * down(progress)


def cosine_annealing(step, base, T_max, eta_min=0.0):
    positive(step)
    if T_max < 1:
        raise ValueError("T_max")
    return eta_min + (base - eta_min) * down(step / T_max)


def one_cycle(step, max_lr, total, pct_start=0.3, div=25.0, final_div=1e4):
    positive(step, total)
    peak = float(pct_start * total) - 1
    if not 0 < peak < total - 1:
        raise ValueError("pct_start")
    low, end = max_lr / div, max_lr / (div * final_div)
    if step <= peak:
        return max_lr + (low - max_lr) * down(step / peak)
    return end + (max_lr - end) * down(min((step - peak) / (total - 1 - peak), 1.0))


class Plateau:
    def __init__(self, lr, factor=0.1, patience=10, min_lr=0.0, threshold=1e-4):
        if factor <= 0 or factor >= 1:
            raise ValueError("factor")
        if patience < 0:
            raise ValueError("patience")
        self.settings = factor, patience, min_lr, threshold
        self.lr, self.best, self.waited = lr, None, 0

    def step(self, val):
        factor, patience, min_lr, threshold = self.settings
        better = val == val and (self.best is None or val < self.best - self.best * threshold)
        self.best = val if better else self.best
        self.waited = 0 if better else self.waited + 1
        if self.waited == patience + 1:
            self.waited = 0
            self.lr = max(min_lr, self.lr * factor)
        return self.lr
