"""Your five failed runs: a nan, one that does not learn, one out of memory, and two others.

Each shows a few lines of code and a log whose rows are numbered; one row gives the cause away.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml

RUNS = ["r1", "r2", "r3", "r4", "r5"]
FIELDS = ("causes", "first_check", "evidence", "fix", "rules_out")
RANKS = 5
"""Causes that count."""
RULED_OUT = -2
"""What a cause is worth that the log speaks against."""
CHECKS = {
    "lower_lr": "Run ten steps with a learning rate that is a hundred times lower.",
    "gradient_norms": "Print the norm of the gradients at every step.",
    "gradients_none": "List the parameters that have no gradient.",
    "smallest_log": "Print the smallest number that goes into the logarithm.",
    "finite_batch": "Look for numbers in the batch that are not finite.",
    "rows_by_side": "Print a few inputs beside their targets.",
    "shapes": "Print the shapes on both sides of the line that fails.",
    "memory_by_step": "Print the memory in use after every step.",
    "batch_of_one": "Run one step with a batch of one, and print the memory.",
    "duplicates": "Count the examples that stand in both sets.",
    "gap_by_epoch": "Compare training and validation loss after every epoch.",
    "attention_row": "Print one row of attention weights.",
    "train_longer": "Train again for ten times as long.",
    "larger_model": "Train a larger model.",
    "other_seed": "Train again with another seed.",
}
FIXES = {
    "lower_lr": "Lower the learning rate.",
    "raise_lr": "Raise the learning rate.",
    "zero_grad": "Clear the gradients before every backward pass.",
    "logits_to_loss": "Give the logits to cross_entropy, which takes the logarithm safely.",
    "clean_rows": "Leave out the rows with missing values, or fill them.",
    "unfreeze": "Let the parameters learn that should.",
    "align_labels": "Take inputs and targets by the same indices.",
    "smaller_batch": "Take fewer examples at a time, and add up their gradients.",
    "no_kept_graphs": "Keep numbers and not tensors with a graph.",
    "no_grad": "Validate without building a graph.",
    "other_axis": "Take the axis that is meant.",
    "same_shapes": "Bring predictions and targets to one shape.",
    "split_anew": "Split anew, so that no example is in both sets.",
    "regularise": "Regularise, stop earlier, or get more data.",
    "mask_scores": "Mask the later positions before the softmax.",
    "add_positions": "Add positions to the embeddings.",
    "skip_nan": "Replace every nan by 0.",
    "smaller_model": "Make the model smaller.",
}
RULES_OUT = {
    "same_at_low_lr": "It breaks at the same step with a learning rate a hundred times lower.",
    "steady_norms": "The norm of the gradients is the same at every step.",
    "no_small_log": "Nothing below 1e-3 ever goes into the logarithm.",
    "batch_is_finite": "All numbers of the batch of that step are finite.",
    "no_help_by_lr": "A learning rate a thousand times higher moves the loss no more.",
    "all_have_gradients": "Every parameter has a gradient that is not zero.",
    "rows_belong": "Inputs and targets belong together, row by row.",
    "one_needs_as_much": "A batch of one needs nearly as much memory.",
    "memory_is_flat": "The memory in use is the same after every step.",
    "breaks_unvalidated": "It runs out of memory without any validation, too.",
    "axes_agree": "Every axis is the one that the layer expects.",
    "shapes_agree": "Both arguments of the loss have the same shape.",
    "no_duplicates": "No example stands in both sets.",
    "gap_stays_small": "Training and validation loss stay together to the end.",
    "future_is_ignored": "Other letters later on leave the outputs before them as they are.",
    "order_matters": "The inputs in another order give other outputs.",
}


class Row(NamedTuple):
    """A row of a log, and whether it gives the cause away."""

    text: str
    clue: bool = False


@dataclass(frozen=True)
class Run:
    """A failed run, and what can be said about it."""

    symptom: str
    code: str
    log: tuple[Row, ...]
    causes: dict[str, int]
    """What each cause is worth that fits the log; the true one 3."""
    against: tuple[str, ...]
    """Causes that fit the symptom, and that the log rules out."""
    first_check: tuple[str, ...]
    fix: tuple[str, ...]
    rules_out: tuple[str, ...]
    seed: int = 0
    """Of the wrong answers that pick at random."""

    def __str__(self) -> str:
        rows = [f"{i:5}  {row.text}" for i, row in enumerate(self.log, 1)]
        return "\n".join(
            [
                "",
                f"symptom: {self.symptom}",
                "",
                *(f"    {c}" for c in self.code.split("\n")),
                "",
                *rows,
            ]
        )

    @property
    def clues(self) -> tuple[int, ...]:
        """Numbers of the rows that count as evidence."""
        return tuple(i for i, row in enumerate(self.log, 1) if row.clue)

    def score(self, causes: list[str]) -> float:
        """Worth of a ranking, 0 to 1: later ranks count less, and a cause ruled out takes away."""
        ideal = sorted(self.causes.values(), reverse=True)
        worth = [self.causes.get(id, RULED_OUT * (id in self.against)) for id in causes[:RANKS]]
        return max(0.0, _discounted(worth) / _discounted(ideal))

    def answer(self) -> dict[str, Any]:
        """The right answer."""
        ranked = sorted(self.causes, key=lambda id: -self.causes[id])
        return {
            "causes": ranked,
            "first_check": self.first_check[0],
            "evidence": self.clues[0],
            "fix": self.fix[0],
            "rules_out": self.rules_out[0],
        }

    @staticmethod
    def read(answer: Any) -> dict[str, Any]:
        """What a learner wrote; a blank field is None. Raises: ValueError with what to write."""
        if not isinstance(answer, dict) or set(answer) != set(FIELDS):
            raise ValueError(f"write the fields {', '.join(FIELDS)}, as in the stub")
        causes, row = answer["causes"], answer["evidence"]
        if causes is not None and (
            not isinstance(causes, list) or not all(isinstance(id, str) for id in causes)
        ):
            raise ValueError("causes is a list such as [first_id, second_id]")
        for id in causes or []:
            if id not in CAUSES:
                raise ValueError(f"{id} is no cause; copy an id from the list of causes")
        if row is not None and type(row) is not int:
            raise ValueError("evidence is the number of one row of the log")
        for field, words in (("first_check", CHECKS), ("fix", FIXES), ("rules_out", RULES_OUT)):
            if answer[field] is not None and answer[field] not in words:
                raise ValueError(f"{field} is one of {', '.join(words)}")
        return {**answer, "causes": list(dict.fromkeys(causes or [])) or None}


def _discounted(worth: list[int]) -> float:
    return sum(each / math.log2(rank + 1) for rank, each in enumerate(worth, 1))


def _causes() -> dict[str, str]:
    """The closed list that the repairs and the exam use too."""
    path = Path(__file__).resolve().parents[3] / "exams" / "bank" / "causes.yaml"
    found: dict[str, str] = yaml.safe_load(path.read_text("utf-8"))
    return found


CAUSES = _causes()


def draw(rng: np.random.Generator) -> dict[str, Run]:
    """Five runs, r1 to r5: nan, not learning, out of memory, and two of the other symptoms."""
    families = ["nan", "flat", "oom", *rng.choice(["shape", "overfit", "attention"], 2, False)]
    drawn = {}
    for item, i in zip(RUNS, rng.permutation(len(families)), strict=True):
        makers = KINDS[str(families[i])]
        run = makers[int(rng.integers(len(makers)))](rng)
        drawn[item] = replace(run, seed=int(rng.integers(1 << 30)))
    return drawn


def losses(rng: np.random.Generator, start: float, ratio: float, count: int) -> list[float]:
    """A loss that changes by a factor a step, with a little noise."""
    noise = rng.normal(1, 0.02, count)
    return [float(start * ratio**i * each) for i, each in enumerate(noise)]


def lr_explodes(rng: np.random.Generator) -> Run:
    rate, growth = rng.choice([0.5, 1.0, 2.0]), rng.uniform(4, 9)
    found = losses(rng, 2.3, growth, 7)
    log = [
        Row(f"step {i}  loss {loss:.4g}  gradient {loss * growth:.3g}", clue=0 < i < 4)
        for i, loss in enumerate(found)
    ]
    return Run(
        "nan",
        f"optimizer = torch.optim.SGD(model.parameters(), lr={rate})\nloss.backward()\n"
        "optimizer.step()\noptimizer.zero_grad()",
        (*log, Row("step 7  loss inf  gradient nan"), Row("step 8  loss nan  gradient nan")),
        {"lr_too_high": 3, "exploding_gradients": 2, "log_of_zero": 1, "wrong_loss": 1,
         "missing_epsilon": 1},
        ("missing_zero_grad", "nan_in_data", "fully_masked_row"),
        ("lower_lr",), ("lower_lr",), ("same_at_low_lr",),
    )  # fmt: skip


def log_of_zero(rng: np.random.Generator) -> Run:
    found = losses(rng, 1.9, 0.8, 6)
    small = [0.2, 4e-2, 3e-3, 2e-5, 6e-9, 3e-14]
    log = [
        Row(f"step {40 * i}  loss {loss:.3f}  gradient {rng.uniform(0.4, 0.7):.2f}  "
            f"smallest p of a true class {p:.0e}", clue=p < 1e-4)
        for i, (loss, p) in enumerate(zip(found, small, strict=True))
    ]  # fmt: skip
    return Run(
        "nan",
        "optimizer.zero_grad()\np = logits.softmax(1)\n"
        "loss = -torch.log(p[torch.arange(len(y)), y]).mean()\nloss.backward()",
        (*log, Row("step 240  loss inf  gradient nan  smallest p of a true class 0", clue=True)),
        {"log_of_zero": 3, "missing_epsilon": 2, "wrong_loss": 1, "fp16_overflow": 1,
         "softmax_before_cross_entropy": 1},
        ("lr_too_high", "exploding_gradients", "missing_zero_grad"),
        ("smallest_log",), ("logits_to_loss",), ("no_small_log",),
    )  # fmt: skip


def nan_in_data(rng: np.random.Generator) -> Run:
    found, bad = losses(rng, 1.4, 0.85, 6), int(rng.integers(3, 6))
    log = [
        Row(f"step {i}  loss {loss:.3f}  gradient {rng.uniform(0.5, 0.9):.2f}  "
            f"largest |x| {rng.uniform(2.5, 3.5):.1f}")
        for i, loss in enumerate(found[:bad])
    ]  # fmt: skip
    return Run(
        "nan",
        "x = (x - mean) / std\noptimizer.zero_grad()\nloss = F.mse_loss(model(x), y)\n"
        "loss.backward()",
        (*log, Row(f"step {bad}  loss nan  gradient nan  largest |x| nan", clue=True),
         Row(f"step {bad + 1}  loss nan  gradient nan  largest |x| 2.9")),
        {"nan_in_data": 3, "missing_epsilon": 2, "wrong_loss": 1, "fp16_overflow": 1,
         "fully_masked_row": 1},
        ("lr_too_high", "missing_zero_grad", "exploding_gradients"),
        ("finite_batch",), ("clean_rows",), ("batch_is_finite",),
    )  # fmt: skip


def no_zero_grad(rng: np.random.Generator) -> Run:
    start = rng.uniform(0.5, 0.9)
    log = [
        Row(f"step {i}  loss {rng.uniform(2.0, 2.6):.3f}  gradient {start * (i + 1):.2f}", i > 1)
        for i in range(8)
    ]
    return Run(
        "not_learning",
        "for x, y in loader:\n    loss = F.cross_entropy(model(x), y)\n    loss.backward()\n"
        "    optimizer.step()",
        tuple(log),
        {"missing_zero_grad": 3, "lr_too_high": 1, "labels_misaligned": 1},
        ("lr_too_low", "frozen_parameters", "detached_graph", "dead_relu"),
        ("gradient_norms",), ("zero_grad",), ("steady_norms",),
    )  # fmt: skip


def lr_too_low(rng: np.random.Generator) -> Run:
    rate = rng.choice(["1e-7", "3e-8", "2e-7"])
    found = losses(rng, 2.30, 1, 1)[0]
    log = [
        Row(f"step {100 * i}  loss {found - 2e-5 * i:.5f}  gradient 0.8{i}", i > 0)
        for i in range(7)
    ]
    return Run(
        "not_learning",
        f"optimizer = torch.optim.SGD(model.parameters(), lr={rate})\noptimizer.zero_grad()\n"
        "loss.backward()\noptimizer.step()",
        tuple(log),
        {"lr_too_low": 3, "parameters_not_in_optimizer": 1, "too_few_steps": 1},
        ("lr_too_high", "missing_zero_grad", "dead_relu", "detached_graph"),
        ("gradient_norms",), ("raise_lr",), ("no_help_by_lr",),
    )  # fmt: skip


def frozen(rng: np.random.Generator) -> Run:
    count = int(rng.choice([10, 14, 18]))
    log = [Row(f"{count} parameters, {count - 2} of them without gradient", clue=True)]
    found = losses(rng, 2.3, 0.97, 6)
    log += [Row(f"epoch {i}  loss {loss:.3f}  gradient 0.4{i}") for i, loss in enumerate(found)]
    return Run(
        "not_learning",
        "model = load(checkpoint)\nmodel.head = nn.Linear(512, 10)\n"
        "optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)\noptimizer.zero_grad()",
        tuple(log),
        {"frozen_parameters": 3, "detached_graph": 2, "dead_relu": 1},
        ("missing_zero_grad", "lr_too_high", "optimizer_holds_old_parameters"),
        ("gradients_none",), ("unfreeze",), ("all_have_gradients",),
    )  # fmt: skip


def labels(rng: np.random.Generator) -> Run:
    classes = int(rng.choice([5, 8, 10]))
    guess = math.log(classes)
    log = [Row(f"{classes} classes, ln {classes} = {guess:.3f}")]
    log += [
        Row(f"epoch {i}  loss {guess + rng.normal(0, 0.004):.3f}  gradient 0.3{i}", clue=i > 1)
        for i in range(6)
    ]
    log += [Row("one batch alone, 300 steps: loss 0.004", clue=True)]
    return Run(
        "not_learning",
        "order = torch.randperm(len(x))\nfor i in range(0, len(x), 64):\n"
        "    loss = F.cross_entropy(model(x[order[i : i + 64]]), y[i : i + 64])\n"
        "    optimizer.zero_grad()",
        tuple(log),
        {"labels_misaligned": 3, "unnormalised_inputs": 1, "wrong_loss": 1},
        ("model_too_small", "dead_relu", "detached_graph", "frozen_parameters",
         "missing_zero_grad"),
        ("rows_by_side",), ("align_labels",), ("rows_belong",),
    )  # fmt: skip


def batch_too_large(rng: np.random.Generator) -> Run:
    batch, each = int(rng.choice([256, 512])), rng.uniform(28, 34)
    total = batch * each / 1000
    log = [
        Row("parameters and optimizer states: 0.4 GB"),
        Row(f"one example of 128 tokens: {each:.0f} MB of activations"),
        Row(f"step 0  forward, batch {batch}: wanted {total:.1f} GB, free 7.6 GB", clue=True),
        Row("OutOfMemoryError: out of memory"),
    ]
    return Run(
        "oom",
        f"loader = DataLoader(data, batch_size={batch})   # windows of 128 tokens",
        tuple(log),
        {"batch_too_large": 3, "no_accumulation": 2, "no_checkpointing": 1},
        ("model_too_large", "validation_builds_graph", "graph_kept_by_loss_sum",
         "activations_stored", "lr_too_high", "missing_zero_grad"),
        ("batch_of_one",), ("smaller_batch",), ("one_needs_as_much",),
    )  # fmt: skip


def graph_kept(rng: np.random.Generator) -> Run:
    start, more = rng.uniform(1.5, 2), rng.uniform(0.7, 0.9)
    log = [
        Row(f"step {i}  loss {2.3 - 0.02 * i:.3f}  in use {start + more * i:.2f} GB", clue=i > 1)
        for i in range(7)
    ]
    return Run(
        "oom",
        "loss = F.cross_entropy(model(x), y)\ntotal = total + loss\nif step % 50 == 49:\n"
        "    total.backward()",
        (*log, Row("OutOfMemoryError: out of memory at step 7")),
        {"graph_kept_by_loss_sum": 3, "activations_stored": 2, "no_accumulation": 1},
        ("batch_too_large", "model_too_large", "sequence_too_long", "validation_builds_graph",
         "lr_too_high", "missing_zero_grad"),
        ("memory_by_step",), ("no_kept_graphs",), ("memory_is_flat",),
    )  # fmt: skip


def validation(rng: np.random.Generator) -> Run:
    used = rng.uniform(2.5, 3.5)
    log = [Row(f"step {i}  in use {used:.2f} GB") for i in (0, 100, 200, 299)]
    log += [
        Row(f"validation, batch {i}  in use {used + 1.3 * i:.2f} GB", clue=True)
        for i in range(1, 4)
    ]
    return Run(
        "oom",
        "model.eval()\nval = [F.cross_entropy(model(x), y) for x, y in val_loader]\nmodel.train()",
        (*log, Row("OutOfMemoryError: out of memory")),
        {"validation_builds_graph": 3, "activations_stored": 2, "graph_kept_by_loss_sum": 1},
        ("batch_too_large", "model_too_large", "no_accumulation", "lr_too_high",
         "missing_zero_grad"),
        ("memory_by_step",), ("no_grad",), ("breaks_unvalidated",),
    )  # fmt: skip


def axes(rng: np.random.Generator) -> Run:
    n, t, c = (int(each) for each in rng.choice([3, 5, 7, 11, 13], 3, False))
    log = [
        Row(f"batch of {n} signals, {t} steps, {c} channels: x {(n, t, c)}"),
        Row(f"h {(n, 20)}"),
        Row(f"x[t] {(t, c)}", clue=True),
        Row(
            f"RuntimeError: The size of tensor a ({n}) must match the size of tensor b ({t})", True
        ),
    ]
    return Run(
        "shape",
        "h = torch.zeros(len(x), 20)\nfor t in range(x.shape[1]):\n"
        "    h = torch.tanh(self.w_h(h) + self.w_x(x[t]))",
        tuple(log),
        {"axes_mixed_up": 3, "broadcast_mismatch": 1},
        ("lr_too_high", "batch_too_large", "missing_zero_grad", "nan_in_data"),
        ("shapes",), ("other_axis",), ("axes_agree",),
    )  # fmt: skip


def column(rng: np.random.Generator) -> Run:
    n, variance = int(rng.choice([16, 32, 64])), rng.uniform(1.5, 3)
    log = [
        Row(f"batch of {n}: pred {(n, 1)}, y {(n,)}", clue=True),
        Row(f"UserWarning: target size ({n},) differs from the input size ({n}, 1)", clue=True),
        Row(f"variance of y {variance:.2f}"),
    ]
    log += [Row(f"epoch {i}  loss {variance + rng.normal(0, 0.01):.2f}") for i in range(1, 5)]
    return Run(
        "shape",
        "pred = self.head(h)\nloss = F.mse_loss(pred, y)\noptimizer.zero_grad()",
        tuple(log),
        {"broadcast_mismatch": 3, "wrong_loss": 1},
        ("lr_too_high", "lr_too_low", "missing_zero_grad", "labels_misaligned", "nan_in_data"),
        ("shapes",), ("same_shapes",), ("shapes_agree",),
    )  # fmt: skip


def leak(rng: np.random.Generator) -> Run:
    found = losses(rng, 1.6, 0.7, 6)
    shared = int(rng.integers(700, 950))
    log = [
        Row(f"20 000 images of 4 000 people; {shared} of 1000 people of val are in train too", True)
    ]
    log += [Row(f"epoch {i}  train {x:.3f}  val {x * 1.02:.3f}") for i, x in enumerate(found, 1)]
    return Run(
        "overfit",
        "order = torch.randperm(len(images))    # several images of each person\n"
        "train, val = images[order[:16000]], images[order[16000:]]",
        (*log, Row("new people, a week later: 1.91", clue=True)),
        {"train_data_in_validation": 3, "missing_regularisation": 1},
        ("lr_too_high", "too_few_steps", "model_too_small", "missing_eval_mode"),
        ("duplicates",), ("split_anew",), ("no_duplicates",),
    )  # fmt: skip


def small_data(rng: np.random.Generator) -> Run:
    rows, width = int(rng.choice([120, 200, 300])), int(rng.choice([1024, 2048]))
    train, low = losses(rng, 1.5, 0.5, 8), int(rng.integers(2, 4))
    log = [Row(f"{rows} examples to train, {width * width * 2 / 1e6:.0f} million parameters")]
    log += [
        Row(f"epoch {i + 1}  train {x:.3f}  val {1.1 + 0.12 * abs(i - low):.3f}", clue=i > low)
        for i, x in enumerate(train)
    ]
    return Run(
        "overfit",
        f"model = MLP(20, hidden={width}, layers=3)\n"
        "optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.0)",
        tuple(log),
        {"too_little_data": 3, "missing_regularisation": 3, "trained_too_long": 2},
        ("train_data_in_validation", "model_too_small", "lr_too_low", "too_few_steps"),
        ("gap_by_epoch",), ("regularise",), ("gap_stays_small",),
    )  # fmt: skip


def mask_leak(rng: np.random.Generator) -> Run:
    found = losses(rng, 2.9, 0.35, 5)
    log = [Row("the best models of this text reach about 1.4 nats", clue=True)]
    log += [
        Row(f"step {100 * i}  train {x:.3f}  val {x * 1.01:.3f}", clue=x < 0.9)
        for i, x in enumerate(found)
    ]
    return Run(
        "attention",
        "w = (q @ k.transpose(-2, -1) / math.sqrt(d)).softmax(-1)\n"
        "w = w * torch.ones(T, T).tril()\nloss = F.cross_entropy(logits[:, :-1], ids[:, 1:])",
        (*log, Row("generated text: nonsense", clue=True)),
        {"mask_leak": 3, "targets_not_shifted": 1, "train_data_in_validation": 1},
        ("lr_too_low", "missing_position", "model_too_small", "fully_masked_row"),
        ("attention_row",), ("mask_scores",), ("future_is_ignored",),
    )  # fmt: skip


def no_positions(rng: np.random.Generator) -> Run:
    found = losses(rng, 2.9, 0.92, 5)
    log = [Row(f"step {100 * i}  train {x:.3f}  val {x * 1.02:.3f}") for i, x in enumerate(found)]
    log += [
        Row("attention weights of the two a in `b a c a`: equal, in all heads", clue=True),
        Row("output for `dog bites man` = output for `man bites dog` at the end", clue=True),
    ]
    return Run(
        "attention",
        "x = self.tok(ids)\nfor block in self.blocks:\n    x = block(x)\nreturn self.head(x)",
        tuple(log),
        {"missing_position": 3, "model_too_small": 1, "too_few_steps": 1},
        ("mask_leak", "targets_not_shifted", "fully_masked_row", "missing_zero_grad"),
        ("attention_row",), ("add_positions",), ("order_matters",),
    )  # fmt: skip


KINDS: dict[str, list[Callable[[np.random.Generator], Run]]] = {
    "nan": [lr_explodes, log_of_zero, nan_in_data],
    "flat": [no_zero_grad, lr_too_low, frozen, labels],
    "oom": [batch_too_large, graph_kept, validation],
    "shape": [axes, column],
    "overfit": [leak, small_data],
    "attention": [mask_leak, no_positions],
}
