"""Draw curve.svg from metrics.jsonl."""

import json
from pathlib import Path

import matplotlib
from matplotlib import pyplot

matplotlib.use("svg")
STYLE = {"svg.hashsalt": "curve", "svg.fonttype": "none"}  # the same file at every run
lines = [json.loads(line) for line in Path("metrics.jsonl").read_text().splitlines()]
records = [line for line in lines if "step" in line]
with matplotlib.rc_context(STYLE):
    figure, axes = pyplot.subplots(figsize=(6, 3.5), layout="tight")
    for name in ("train_loss", "val_loss"):
        axes.plot([each["step"] for each in records], [each[name] for each in records], gid=name)
    axes.set(xlabel="epoch", ylabel="cross-entropy (nats)", ylim=0)
    axes.legend(["training", "validation"])
    figure.savefig("curve.svg", metadata={"Date": None})
