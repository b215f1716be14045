"""Random search, then a narrower one around the best."""

import math

import torch


def sample(space, generator):
    config = {}
    for name, (kind, *values) in space.items():
        u = float(torch.rand(1, generator=generator, dtype=torch.float64))
        if kind == "log":
            low, high = (math.log10(each) for each in values)
            config[name] = min(max(10 ** (low + u * (high - low)), values[0]), values[1])
        elif kind == "linear":
            config[name] = values[0] * (1 - u) + values[1] * u
        else:
            config[name] = values[min(int(u * len(values)), len(values) - 1)]
    return config


def successive_halving(configs, evaluate, epochs, eta):
    if len(configs) == 0:
        raise ValueError("configs must not be empty")
    if eta <= 1:
        raise ValueError("eta must be 2 or more")
    alive = list(enumerate(configs))
    while True:
        scored = []
        for k, config in alive:
            loss = evaluate(config, epochs)
            scored.append((loss if math.isfinite(loss) else math.inf, k, config))
        scored.sort(key=lambda row: row[:2])
        kept = scored[: max(1, len(scored) // eta)]
        if len(kept) == 1:
            return kept[0][2]
        alive = sorted(((k, config) for _, k, config in kept), key=lambda row: row[0])
        epochs = epochs * eta


def tune(space, evaluate, budget, generator):
    def near(best):
        low, high = best["lr"] / 3, best["lr"] * 3
        kind, least, most = space["lr"]
        return {**space, "lr": (kind, max(low, least), min(high, most))}

    def value(config, epochs):
        loss = evaluate(config, epochs)
        return loss if loss < math.inf else math.inf

    first = [sample(space, generator) for _ in range(24)]
    losses = [value(config, 1) for config in first]
    best = first[losses.index(min(losses))]
    found = [best] + [sample(near(best), generator) for _ in range(4)]
    losses = [value(config, 8) for config in found]
    return found[losses.index(min(losses))]
