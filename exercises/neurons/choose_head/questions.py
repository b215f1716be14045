"""Your 34 questions, with numbers and an order of your own.

Every question knows what known misconceptions take for the answer. Numbers are drawn again until
each of those differs from the truth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

LOSSES = "bce ce mse mae poisson kl hinge".split()
DTYPES = "float32 int64 bool uint8".split()
ACTIVATIONS = "none relu sigmoid softmax tanh leaky_relu".split()
WATCH = "dead quarter ends slope dip compete".split()
RULES = "bend hidden raw pair target".split()
MODELS = "linear mlp cnn lstm transformer boosting".split()
REASONS = "baseline_first no_structure locality short_memory long_range small_table".split()
ONE_OF = {
    "loss": LOSSES,
    "dtype": DTYPES,
    "activation": ACTIVATIONS,
    "watch": WATCH,
    "rule": RULES,
    "model": MODELS,
    "reason": REASONS,
}


@dataclass(frozen=True)
class Question:
    """One question with its fields; a single field is answered without its name."""

    shows: str
    right: dict[str, Any]
    misread: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By the name of a misconception: the fields that it gets wrong."""
    tolerance: float = 1e-3

    def __str__(self) -> str:
        fields = ", ".join(self.right)
        asked = fields if len(self.right) == 1 else f"{{{fields}}}"
        return f"{self.shows}\n       ?  {asked}"

    def answer(self, misconception: str = "") -> Any:
        """What stands in the answers file."""
        fields = {**self.right, **self.misread.get(misconception, {})}
        fields = {
            key: str(value) if value in (math.inf, -math.inf) else value
            for key, value in fields.items()
        }
        return fields if len(fields) > 1 else next(iter(fields.values()))

    def read(self, answer: Any) -> dict[str, Any]:
        """What a learner wrote, by field; None where blank. Raises: ValueError if illegal."""
        if len(self.right) == 1:
            answer = {next(iter(self.right)): answer}
        if answer is None:
            answer = {}
        if not isinstance(answer, dict) or not set(answer) <= set(self.right):
            raise ValueError(f"write {{{', '.join(self.right)}}}, each with its answer")
        return {key: self._legal(key, answer.get(key)) for key in self.right}

    def _legal(self, key: str, value: Any) -> Any:
        if value is None:
            return None
        if key in ONE_OF:
            if value not in ONE_OF[key]:
                raise ValueError(f"{key} is one of {', '.join(ONE_OF[key])}")
            return value
        if key == "shape":
            whole = isinstance(value, list) and all(type(each) is int for each in value)
            if not whole:
                raise ValueError("shape is a list such as [16, 5], or []")
            return value
        try:
            return _number(value)
        except (TypeError, ValueError, ZeroDivisionError, OverflowError):
            raise ValueError(f"{key} is a number such as 2, 0.25, 3/4 or inf") from None

    def wrong(self, mine: dict[str, Any]) -> list[str]:
        """The fields whose answer is not right."""
        return [key for key, right in self.right.items() if not self._same(mine[key], right)]

    def _same(self, a: Any, b: Any) -> bool:
        if isinstance(a, float) and isinstance(b, int | float):
            return math.isclose(a, b, rel_tol=self.tolerance, abs_tol=self.tolerance)
        return bool(a == b)

    @property
    def separates(self) -> bool:
        """Whether every misconception gives another answer than the truth."""
        return all(self.wrong(self.read(self.answer(name))) for name in self.misread)


def _number(value: Any) -> float:
    """A whole or decimal number, a fraction written as "3/4", or inf."""
    if isinstance(value, bool):
        raise ValueError
    if value in ("inf", "-inf"):
        return float(value)
    number = float(Fraction(value) if isinstance(value, str) else value)
    if math.isnan(number):
        raise ValueError
    return number


def draw(rng: np.random.Generator) -> dict[str, Question]:
    """34 questions; everyone has the same kinds, in another order and with other numbers."""
    while True:
        groups = {
            "a": _heads(rng),
            "b": _ranges(),
            "c": _broken_rules(rng),
            "d": _numbers(rng),
            "e": _models(rng),
            "f": [_dead_units(rng)],
            "g": _last_activations(),
        }
        drawn = {
            f"{group}{number}": question
            for group, questions in groups.items()
            for number, question in enumerate(questions, 1)
        }
        if all(each.separates for each in drawn.values()):
            return drawn


def _pick(rng: np.random.Generator, options: list[str]) -> str:
    return options[int(rng.integers(len(options)))]


def _shuffled(rng: np.random.Generator, questions: list[Question]) -> list[Question]:
    return [questions[int(i)] for i in rng.permutation(len(questions))]


def _heads(rng: np.random.Generator) -> list[Question]:
    """Outputs, loss and targets of eight tasks; batches of N, texts of T tokens, K classes."""
    n, t, k, labels, tags, v = (int(each) for each in rng.permutation([5, 7, 11, 13, 17, 19]))
    v *= 1000

    def head(task: str, units: int, loss: str, shape: list[int], **misread: dict) -> Question:
        dtype = "int64" if loss == "ce" else "float32"
        right = {"units": units, "loss": loss, "dtype": dtype, "shape": shape}
        return Question(f"A batch of {n}. {task}", right, misread)

    yes_no = ["Is this mail spam?", "Will this customer leave?", "Is this X-ray abnormal?"]
    one_of = [f"Which of {k} birds is in the photo?", f"Which of {k} languages is it?"]
    some_of = [
        f"Which of {labels} topics does the article touch? It may be none or several.",
        f"Which of {labels} instruments sound? It may be none or several.",
    ]
    amount = [
        "The temperature tomorrow at noon; errors scatter like a bell curve.",
        "The weight of a parcel; the scales err like a bell curve.",
    ]
    typos = [
        "The price of a flat; one price in fifty has a zero too many, and must not pull.",
        "The time of arrival; one clock in fifty is hours off, and must not pull.",
    ]
    counts = ["How many calls come in the next hour?", "How many goals fall in the game?"]
    tagging = f"Texts of {t} tokens: which of {tags} parts of speech is each token?"
    following = f"Texts of {t} tokens: which of {v} tokens follows each of them?"
    as_one = {"loss": "ce", "dtype": "int64", "shape": [n]}
    return _shuffled(
        rng,
        [
            head(_pick(rng, yes_no), 1, "bce", [n], ce_of_one_unit={"loss": "ce"}),
            head(_pick(rng, one_of), k, "ce", [n], one_hot={"dtype": "float32", "shape": [n, k]}),
            head(_pick(rng, some_of), labels, "bce", [n, labels], softmax_for_labels=as_one),
            head(_pick(rng, amount), 1, "mse", [n], integers_for_numbers={"dtype": "int64"}),
            head(_pick(rng, typos), 1, "mae", [n], mse_for_all_numbers={"loss": "mse"}),
            head(_pick(rng, counts), 1, "poisson", [n], mse_for_all_numbers={"loss": "mse"}),
            head(
                tagging,
                tags,
                "ce",
                [n, t],
                one_hot={"dtype": "float32", "shape": [n, t, tags]},
                one_answer_per_text={"shape": [n]},
            ),
            head(
                following,
                v,
                "ce",
                [n, t],
                one_hot={"dtype": "float32", "shape": [n, t, v]},
                one_answer_per_text={"shape": [n]},
            ),
        ],
    )


def _ranges() -> list[Question]:
    inf = math.inf

    def bounds(name: str, low: float, high: float, watch: str, **misread: dict) -> Question:
        right = {"low": low, "high": high, "watch": watch}
        return Question(f"The values of {name}", right, misread, 0.01)

    return [
        bounds("relu", 0, inf, "dead"),
        bounds("sigmoid", 0, 1, "quarter", sigmoid_like_tanh={"low": -1}),
        bounds("tanh", -1, 1, "ends"),
        bounds("leaky_relu", -inf, inf, "slope", leaky_from_zero={"low": 0}),
        bounds("gelu (exact; two digits)", -0.17, inf, "dip", gelu_unbounded={"low": -inf}),
        bounds("softmax (each entry)", 0, 1, "compete"),
    ]


def _broken_rules(rng: np.random.Generator) -> list[Question]:
    """Five designs, each of which breaks one of the five rules of the README."""
    k = int(rng.integers(3, 12))
    last = f"Linear(64, {k})"
    designs = {
        "bend": [
            f"Linear(20, 64), Dropout, {last}, with ce on class numbers",
            f"Linear(20, 64), Linear(64, 64), ReLU, {last}, with ce on class numbers",
        ],
        "hidden": [
            f"8 times [Linear(64, 64), Sigmoid], {last}, with ce on class numbers",
            f"9 times [Linear(64, 64), Tanh], {last}, with ce on class numbers; no norm, no skip",
        ],
        "raw": [
            f"Linear(20, 64), ReLU, {last}, Softmax, with ce on class numbers",
            "Linear(20, 64), ReLU, Linear(64, 1), Sigmoid, with bce on float targets",
        ],
        "pair": [
            f"Linear(20, 64), ReLU, {last}, with mse on one-hot float rows, one of {k} is true",
            f"Linear(20, 64), ReLU, {last}, with ce, though several of {k} labels may be true",
        ],
        "target": [
            f"Linear(20, 64), ReLU, {last}, with ce on class numbers of dtype float32",
            "Linear(20, 64), ReLU, Linear(64, 1) to (N, 1), with mse on targets of shape (N,)",
        ],
    }
    softmax = {"softmax_before_ce": {"rule": "pair"}}
    return _shuffled(
        rng,
        [
            Question(_pick(rng, options), {"rule": rule}, softmax if rule == "raw" else {})
            for rule, options in designs.items()
        ],
    )


def _numbers(rng: np.random.Generator) -> list[Question]:
    """Losses to compute with a pocket calculator."""
    sure, unsure = rng.choice([70, 75, 80, 85, 90, 95]) / 100, rng.choice([2, 5, 10, 15, 20]) / 100
    k = int(rng.choice([3, 4, 5, 6, 7, 8, 9, 20, 50]))
    errors = [int(each) for each in rng.choice([-3, -2, -1, 1, 2, 3], 4)]
    errors[int(rng.integers(4))] = int(rng.choice([20, 30, 40]))
    y = [int(each) for each in rng.integers(0, 9, 4)]
    p = [a + b for a, b in zip(y, errors, strict=True)]
    squares, sizes = sum(e * e for e in errors), sum(abs(e) for e in errors)

    def value(shows: str, right: float, **misread: float) -> Question:
        wrong = {name: {"number": float(each)} for name, each in misread.items()}
        return Question(shows, {"number": float(right)}, wrong)

    def bce(q: float) -> Question:
        return value(
            f"The binary cross-entropy of p = {q:g} where y = 1",
            -math.log(q),
            base_ten=-math.log10(q),
            other_side=-math.log(1 - q),
        )

    pairs = f"p = {p}, y = {y}"
    return [
        bce(float(sure)),
        bce(float(unsure)),
        value(f"The mean squared error of {pairs}", squares / 4, sum_for_mean=squares),
        value(f"The mean absolute error of {pairs}", sizes / 4, sum_for_mean=sizes),
        value(
            f"The cross-entropy of a uniform guess over {k} classes",
            math.log(k),
            base_ten=math.log10(k),
            guess_costs_one_kth=1 / k,
        ),
    ]


def _models(rng: np.random.Generator) -> list[Question]:
    def model(tasks: list[str], name: str, reason: str, **misread: dict) -> Question:
        return Question(_pick(rng, tasks), {"model": name, "reason": reason}, misread)

    rows = int(rng.choice([300, 400, 500]))
    lstm = {"model": "lstm", "reason": "short_memory"}
    transformer = {"model": "transformer", "reason": "long_range"}
    images = [
        "Defects in photos of welds; the same scratch may lie anywhere.",
        "Cell types in microscope images; a cell looks alike at every place.",
    ]
    signals = [
        "Sensor readings, one at a time, on a chip with 64 kB: state of fixed size.",
        "The next key stroke, read one by one on a tiny device: state of fixed size.",
    ]
    texts = [
        "Contracts of 4,000 tokens: a clause refers to one far above; many GPUs train in parallel.",
        "Source files of 4,000 tokens: names are defined far above; many GPUs train in parallel.",
    ]
    tables = [
        f"{rows} patients, 12 columns of mixed kind and scale, thresholds matter.",
        f"{rows} loans, 15 columns of mixed kind and scale, thresholds matter.",
    ]
    vectors = [
        "200,000 vectors of 768 numbers from a frozen network, to 30 classes: no order, no grid.",
        "500,000 vectors of 64 smooth physical quantities to one number: no order, no grid.",
    ]
    first = [
        "Day one, a new data set: what score must anything else beat?",
        "Before any deep network: a model fitted in a second, whose weights can be read.",
    ]
    return _shuffled(
        rng,
        [
            model(images, "cnn", "locality", lstm_for_images=lstm),
            model(signals, "lstm", "short_memory", transformer_for_all=transformer),
            model(texts, "transformer", "long_range", lstm_for_images=lstm),
            model(tables, "boosting", "small_table", transformer_for_all=transformer),
            model(vectors, "mlp", "no_structure", transformer_for_all=transformer),
            model(first, "linear", "baseline_first", transformer_for_all=transformer),
        ],
    )


def _dead_units(rng: np.random.Generator) -> Question:
    """Six relu units on four inputs; some are 0 everywhere, some only here and there."""
    while True:
        X, W = rng.integers(0, 5, (4, 2)), rng.integers(-3, 4, (6, 2))
        b = rng.integers(-4, 5, 6)
        z = X @ W.T + b
        dead = int((z <= 0).all(0).sum())
        sometimes, negative = int((z <= 0).any(0).sum()), int((W < 0).all(1).sum())
        if 1 <= dead <= 4 and len({dead, sometimes, negative}) == 3:
            break
    shows = f"relu(W x + b) with the rows\n       W = {W.tolist()}\n       b = {b.tolist()}\n"
    shows += (
        f"       and the only inputs there are, X = {X.tolist()}: how many of 6 units are dead?"
    )
    misread = {"any_zero_is_dead": {"number": sometimes}, "by_weights": {"number": negative}}
    return Question(shows, {"number": dead}, misread)


def _last_activations() -> list[Question]:
    def last(shows: str, right: str, **misread: str) -> Question:
        wrong = {name: {"activation": each} for name, each in misread.items()}
        return Question(shows, {"activation": right}, wrong)

    return [
        last(
            "Between the last Linear and nn.CrossEntropyLoss", "none", softmax_before_ce="softmax"
        ),
        last(
            "To show probabilities of labels of which several may be true",
            "sigmoid",
            softmax_for_labels="softmax",
        ),
        last(
            "In the hidden layers of a deep MLP: cheap, with slope 1 for every z > 0 and exactly 0 "
            "below",
            "relu",
            sigmoid_in_hidden_layers="sigmoid",
        ),
    ]
