"""Learning-rate schedules. Edit this file, then run `grade schedules`.

A schedule answers one question: which learning rate does step number `step` use? Steps count from
0, so a run of `total` steps has the steps 0 to total - 1.

Conventions, for all functions:
    step     a whole number >= 0; a negative one raises ValueError, naming step
    total    a whole number >= 1, else ValueError, naming total
    result   a Python float
    angles   math.cos takes radians
Other arguments that are refused, with a ValueError that names them, stand under `Raises`.

Not available here: torch's own schedules, since this exercise is what they do.
"""

import math


def constant(step: int, base: float) -> float:
    """base, for every step >= 0."""
    raise NotImplementedError("constant: your code goes here")


def linear_decay(step: int, base: float, total: int) -> float:
    """A straight line from base at step 0 to 0 at step total - 1; 0 after that.

    With total = 1, step 0 gets base.
    """
    raise NotImplementedError("linear_decay: your code goes here")


def warmup_cosine(step: int, base: float, warmup: int, total: int, min_lr: float = 0.0) -> float:
    """A straight line up for `warmup` steps, then half a cosine down, then min_lr for ever.

    step 0 .. warmup - 1        base * (step + 1) / warmup: base / warmup first, base at the last
    step warmup .. total - 1    progress runs from 0 at step warmup to 1 at step total - 1, and
                                lr = min_lr + (base - min_lr) * (1 + cos(pi * progress)) / 2
    from step total on          min_lr

    So lr(warmup) = base as well, and lr(total - 1) = min_lr. Where warmup = total - 1, one step is
    left for the cosine: it gets min_lr. The same holds for warmup = 0 and total = 1.
    Raises: ValueError, naming warmup, unless 0 <= warmup < total.
    """
    raise NotImplementedError("warmup_cosine: your code goes here")


def cosine_annealing(step: int, base: float, T_max: int, eta_min: float = 0.0) -> float:
    """eta_min + (base - eta_min) * (1 + cos(pi * step / T_max)) / 2, for every step.

    As CosineAnnealingLR of torch: eta_min at step T_max, and then it rises again, to base at
    2 * T_max. Raises: ValueError, naming T_max, if T_max < 1.
    """
    raise NotImplementedError("cosine_annealing: your code goes here")


def one_cycle(
    step: int,
    max_lr: float,
    total: int,
    pct_start: float = 0.3,
    div: float = 25.0,
    final_div: float = 1e4,
) -> float:
    """Up to max_lr and down again, each along half a cosine, as OneCycleLR of torch.

    start = max_lr / div; end = start / final_div (not max_lr / final_div)
    peak = pct_start * total - 1, a step that need not be whole
    step <= peak    half a cosine from start at step 0 to max_lr at step peak
    step > peak     half a cosine from max_lr at step peak to end at step total - 1
    after total - 1 end

    Half a cosine from a to b is a + (b - a) * (1 - cos(pi * progress)) / 2, progress from 0 to 1.
    Raises: ValueError, naming pct_start, unless 0 < peak < total - 1.
    """
    raise NotImplementedError("one_cycle: your code goes here")


class Plateau:
    """Lower the rate when a loss has stopped falling, as ReduceLROnPlateau(mode="min") of torch.

    A value is better if it is below best * (1 - threshold), where best is the last one that was
    better, and inf before there is one. Values are >= 0; nan is never better. `step` counts the
    values in a row that were not better. Once there are more than `patience` of them, the rate
    becomes max(lr * factor, min_lr), and the count starts again at 0; best stays.

    Raises: ValueError, naming factor, unless 0 < factor < 1; naming patience, if patience < 0.
    """

    def __init__(
        self,
        lr: float,
        factor: float = 0.1,
        patience: int = 10,
        min_lr: float = 0.0,
        threshold: float = 1e-4,
    ) -> None:
        raise NotImplementedError("Plateau: your code goes here")

    def step(self, val: float) -> float:
        """Take in the loss of one epoch; return the rate for the next one."""
        raise NotImplementedError("Plateau.step: your code goes here")
