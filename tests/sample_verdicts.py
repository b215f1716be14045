"""Verdicts as a learner meets them, one of each kind, and one that attacks the reader."""

from __future__ import annotations

from math import exp, inf, nan, sin

from grader.model import (
    Array,
    Counterexample,
    Curve,
    Isolation,
    Level,
    Measure,
    Outcome,
    Status,
    Verdict,
)

STRICT = Isolation(level=Level.STRICT, detail="bubblewrap, seccomp, rlimits, cgroup")
VERSIONS = {"grader": "0.1.0", "python": "3.11.7", "torch": "2.13.0+cpu", "numpy": "2.4.6"}
HASHES = {"checks.py": "9f2c" * 16, "reference.py": "41d7" * 16, "shakespeare": "86c4" * 16}


def verdict(exercise: str, unit: str, title: str, *outcomes: Outcome, **changes: object) -> Verdict:
    fields: dict[str, object] = {
        "exercise": exercise,
        "unit": unit,
        "title": title,
        "points": 40,
        "file": f"{exercise}.py",
        "sha256": "5e0d" * 16,
        "learner": "ada",
        "started": "2026-11-20T14:03:11Z",
        "seed": 1815,
        "outcomes": outcomes,
        "isolation": STRICT,
        "versions": VERSIONS,
        "hashes": HASHES,
        "seconds": 0.42,
    }
    return Verdict.model_validate(fields | changes)


def passed(check: str, claim: str, **changes: object) -> Outcome:
    return Outcome.model_validate(
        {"check": check, "claim": claim, "status": Status.PASSED} | changes
    )


def failed(check: str, claim: str, **changes: object) -> Outcome:
    return passed(check, claim, **({"status": Status.FAILED} | changes))


def falling(start: float, floor: float, pace: float, wobble: float = 0.0) -> list[tuple]:
    return [
        (step, floor + (start - floor) * exp(-step / pace) + wobble * sin(step * 1.7))
        for step in range(0, 1201, 30)
    ]


GPT = verdict(
    "train_gpt",
    "transformers",
    "Train a small GPT on Shakespeare",
    passed("check_causal", "Changing a later character leaves every earlier logit as it was."),
    passed(
        "check_bigram",
        "After training, your model beats the bigram baseline on held-out text.",
        measures=[
            Measure(
                name="held-out loss",
                value=2.7914,
                unit="bits per character",
                bar=3.4831,
                better="lower",
            ),
            Measure(name="training steps", value=1200),
        ],
        curves=[
            Curve(
                title="Held-out loss against n-gram baselines",
                x_label="training step",
                y_label="bits per character",
                series={
                    "held-out text": falling(6.02, 2.76, 190),
                    "training batches": falling(6.02, 2.62, 170, 0.07),
                },
                levels={"unigram": 4.829, "bigram": 3.583, "trigram": 2.952},
            ),
            Curve(
                title="Learning rate",
                x_label="training step",
                y_label="learning rate",
                series={"schedule": [(0, 0.0), (50, 3e-3), (600, 2e-3), (1200, 1e-4)]},
            ),
        ],
    ),
    passed(
        "check_trigram",
        "Trained longer, it beats the trigram baseline as well.",
        merit=True,
        measures=[
            Measure(
                name="held-out loss",
                value=2.7914,
                unit="bits per character",
                bar=2.902,
                better="lower",
            )
        ],
    ),
    notes=["The text and the cut into training and held-out part are yours alone."],
    seconds=48.31,
)

ATTENTION = verdict(
    "scaled_dot_product",
    "attention",
    "Attention under every kind of mask",
    passed("check_shapes", "The output has the shape of `q` with the width of `v`."),
    failed(
        "check_values",
        "The output equals softmax(q kᵀ / √d) v for every batch, head and length.",
        message="attention(q, k, v): at (1, 0) got 0.6285, expected 0.5437",
        line=23,
        counterexample=Counterexample(
            call="attention(q, k, v, mask=None)",
            inputs={
                "q": Array(shape=(2, 2), dtype="float64", values=(0.0, 0.0, 1.0, 0.0)),
                "k": Array(shape=(3, 2), dtype="float64", values=(1.0, 0, 0, 0, -0.5, 0.25)),
                "v": Array(shape=(3, 2), dtype="float64", values=(1.0, 0, 0, 1, 0, 0)),
                "mask": "None",
            },
            expected=Array(
                shape=(2, 2), dtype="float64", values=(0.3333, 0.3333, 0.54373, 0.26809)
            ),
            got=Array(shape=(2, 2), dtype="float64", values=(0.3333, 0.3333, 0.62853, 0.23122)),
            at=(1, 0),
            error=0.0848,
            allowed=1e-6,
        ),
        mistakes=["You did not divide the scores by the square root of the head size."],
        printed="scores tensor([[0., 0., 0.]])\nscores tensor([[1., 0., -0.5]])",
        next_step="Compare the size of your scores before the softmax for d = 2 and d = 64.",
    ),
    failed(
        "check_masked",
        "Where `mask` is False, the weight is exactly zero.",
        message="The row of weights still holds 2.06e-09 at a hidden position.",
        counterexample=Counterexample(
            call="attention(q, k, v, mask)",
            inputs={
                "mask": Array(shape=(2, 1, 3), dtype="bool", values=(1, 1, 0, 0, 0, 0)),
            },
            expected=Array(shape=(2, 1, 3), dtype="float32", values=(0.5, 0.5, 0, 0, 0, 0)),
            got=Array(shape=(2, 1, 3), dtype="float32", values=(0.5, 0.5, 2.06e-9, nan, nan, nan)),
            at=(0, 0, 2),
            error=nan,
            allowed=1e-7,
        ),
        mistakes=[
            "You added a large negative number instead of minus infinity.",
            "A row in which everything is hidden gives nan instead of zeros.",
        ],
        next_step="Use `masked_fill` with minus infinity, then care for rows without any key.",
    ),
    failed(
        "check_large",
        "Scores of 1,000 neither overflow nor lose precision.",
        message="got 0.665248, expected 0.665241",
        counterexample=Counterexample(
            call="attention(q, k, v)",
            inputs={"q": Array(shape=(3, 5, 64), dtype="float32")},
            expected=Array(shape=(12,), dtype="float32", values=[0.665241] * 12),
            got=Array(shape=(12,), dtype="float32", values=[0.665241] * 10 + [0.665248, 0.665241]),
            at=(10,),
            error=7e-6,
            allowed=1e-6,
        ),
    ),
    failed(
        "check_gradient",
        "The gradient agrees with central differences.",
        status=Status.ERROR,
        message="RuntimeError: one of the variables needed for gradient computation was modified",
        line=31,
    ),
    passed("check_half", "float16 works too.", status=Status.SKIPPED, message="needs the values"),
)

CNN = verdict(
    "cnn_mnist",
    "convolution",
    "A CNN above 90 % on MNIST",
    passed(
        "check_clean",
        "The network reads clean digits.",
        measures=[Measure(name="accuracy", value=0.967, bar=0.90)],
        weight=2,
        curves=[
            Curve(
                title="Cross-entropy during training",
                x_label="batch",
                y_label="nats",
                series={
                    "training": falling(2.3, 0.08, 150, 0.03),
                    "validation": falling(2.3, 0.12, 170),
                },
                levels={"guessing": 2.303},
            )
        ],
    ),
    failed(
        "check_shifted",
        "It reads digits that are shifted by one pixel.",
        message="Shifted digits are read worse than the bar asks for.",
        measures=[Measure(name="accuracy on shifted digits", value=0.8997, bar=0.90)],
        mistakes=["Your network is linear in the pixels: it has no convolution that learns."],
        next_step="Look at five shifted digits that your network gets wrong.",
        weight=2,
    ),
    failed(
        "check_merit",
        "With all 60,000 images it reaches 0.97.",
        merit=True,
        message="Close.",
        measures=[Measure(name="accuracy", value=0.969, bar=0.97)],
    ),
    notes=["The MNIST files were not found: 8 x 8 digits stood in."],
    seconds=21.7,
)

YAML = verdict(
    "attention_by_hand",
    "attention",
    "Attention by hand",
    passed("check_scores", "Every raw score is right."),
    failed(
        "check_weights",
        "Every attention weight is right to two decimals.",
        message="weights[1][2]: got 0.33, expected 0.24",
        line=14,
        counterexample=Counterexample(
            inputs={"seed": "1815"},
            expected=Array(shape=(), dtype="float64", values=(0.24,)),
            got=Array(shape=(), dtype="float64", values=(0.33,)),
            at=(),
            error=0.09,
            allowed=0.005,
        ),
        next_step="Divide by the square root of 2 before the softmax.",
    ),
    points=20,
    file="attention_by_hand.yaml",
    isolation=Isolation(level=Level.NONE, detail="the submission is data"),
    notes=["The numbers of this exercise are yours alone."],
    seconds=0.03,
)

TIMEOUT = verdict(
    "conv2d",
    "convolution",
    "Convolution from loops",
    failed(
        "check_large_image",
        "A 64 x 64 image with 8 channels takes less than 10 CPU seconds.",
        status=Status.TIMEOUT,
        message="No answer within 10 CPU seconds.",
        next_step="Loop over the kernel, not over the image.",
        seconds=20,
        cpu_s=10,
    ),
    failed("check_memory", "It needs less than 1 GB.", status=Status.MEMORY, message="1,024 MB."),
    failed("check_alive", "It returns.", status=Status.KILLED, message="It called os._exit(0)."),
)

FORBIDDEN = verdict(
    "softmax",
    "basics",
    "Softmax, by hand",
    failed(
        "rules",
        "The names that this exercise builds are not used.",
        status=Status.FORBIDDEN,
        message="`torch.softmax` is what you are asked to build.",
        line=9,
        next_step="Use `exp`, `sum` and `max`.",
        weight=0,
    ),
    passed("check_rows", "Every row sums to one."),
    points=10,
)

FAULT = verdict(
    "layer_norm",
    "basics",
    "Layer normalisation",
    passed("check_mean", "Every row has mean 0."),
    failed(
        "check_reference",
        "The output equals the definition.",
        status=Status.GRADER_FAULT,
        message="KeyError: 'gamma' in a check of this exercise.",
        next_step="Tell the author of the exercise.",
    ),
    points=10,
)

HOSTILE = verdict(
    "hostile",
    "basics",
    "<script>alert('title')</script>",
    failed(
        "check_hostile",
        "A claim with <b>tags</b>, `a < b` and [red]markup[/red].",
        message="\x1b[2J\x1b]0;owned\x07<script>alert(1)</script>\x1b[32mPASSED\x1b[0m\rok",
        line=1,
        counterexample=Counterexample(
            call="f('\"><img src=x onerror=alert(2)>')",
            inputs={"<i>x</i>": "</pre><script>alert(3)</script>", "y\x1b[31m": "\u202eevil"},
            expected=Array(shape=(3,), dtype="float32", values=(nan, inf, None)),
            got=Array(shape=(2,), dtype="<u>int64</u>", values=(-1, 2)),
            at=(2,),
            error=inf,
            allowed=0,
        ),
        mistakes=["{{ 7 * 7 }} {% raw %}"],
        measures=[
            Measure(name="$\\frac{", value=nan, bar=0.5),
            Measure(name="x" * 200, value=-3, unit="<s>", bar=inf, better="lower"),
        ],
        curves=[
            Curve(
                title="</svg><script>alert(4)</script> $\\frac{",
                x_label="$\\undefined{",
                y_label="<b>\x00",
                series={
                    "</text><script>": [(0, nan), (1, 2.0), (2, inf), (3, 1.0)],
                    "nothing": [],
                },
                levels={"$\\frac{ <level>": 1.5, "never": nan},
            )
        ],
        printed="\n".join(f"\x1b[1A\x1b[31mline {n} </pre><script>" for n in range(34)),
    ),
    failed(
        "check_long",
        "A very long message is cut.",
        message="got " + "0.1234567, " * 2000,
        next_step="Read " + "on" * 300,
    ),
    points=10,
    file="hos\x1b[31mtile.py",
    notes=["\x9b31m<script>note</script>"],
)

WRITTEN = verdict(
    "runbook",
    "evidence",
    "A runbook",
    passed("check_sections", "Every section is there."),
    passed("own_words", "The words are your own.", weight=0),
    passed(
        "self_stranger",
        "Could a stranger follow it?",
        status=Status.SELF_ASSESSED,
        message="you say yes: 5 points when an instructor confirms a yes",
        weight=0.5,
    ),
    passed(
        "self_cheapest",
        "Does the cheapest check come first?",
        status=Status.NOT_YET,
        message="you say not yet: 5 points when an instructor confirms a yes",
        weight=0.5,
    ),
    points=20,
    file="runbook",
)

VERDICTS = (FORBIDDEN, FAULT, HOSTILE, CNN, TIMEOUT, ATTENTION, YAML, GPT)
