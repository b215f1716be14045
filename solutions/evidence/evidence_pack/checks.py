import json
import re
from xml.etree import ElementTree

import nbformat
import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from grader.oracle import Mismatch, assert_raises, assert_tensor, merit, weight
from grader.oracle.runs import config_hash, read_run
from grader.oracle.texts import assert_quotes, assert_sections, assert_words, fences, page_of

CONFIGS = (
    {"lr": 0.1, "seed": 3},
    {"seed": 0, "layers": [64, 32], "name": "a b", "opt": {"z": None, "a": True, "lr": 1e-3}},
    {},
)
SECTIONS = ["How to run", "Result", "Failure seen", "Next step"]


def entries(logger):
    """The lines of a log, each strict JSON."""
    text = logger.path.read_text()
    if not isinstance(text, str):
        raise Mismatch("RunLogger.path is no pathlib.Path: it has no text to read")
    found = []
    for n, line in enumerate(text.splitlines(), 1):
        try:
            found.append(json.loads(line, parse_constant=refuse))
        except ValueError as error:
            raise Mismatch(f"line {n} of the log is no strict JSON: {line[:80]!r}") from error
    return found


def refuse(word):
    raise ValueError(f"{word} is not JSON")


def assert_is(got, expected, what):
    if got != expected or str(got) != str(expected):
        raise Mismatch(f"{what}: got {str(got)[:200]}, expected {str(expected)[:200]}")


@weight(1)
def check_logs_a_run(fresh):
    """The log starts with config, hash, seed and versions; the steps follow in order."""
    with fresh(file="run_logger.py") as program:
        for n, config in enumerate(CONFIGS):
            logger = program.RunLogger("deep/runs", f"run{n}", config)
            for step, loss in ((3, 2.5), (1, 1), (2, 1e-8)):
                logger.log(step, loss=loss, rate=0.5)
            logger.finish("failed", "it hung")
            first, *steps, last = entries(logger)
            for key, value in [
                ("event", "start"),
                ("run", f"run{n}"),
                ("config", config),
                ("config_hash", config_hash(config)),
                ("seed", config.get("seed")),
            ]:
                assert_is(first.get(key), value, f"the start line, {key}")
            versions = first.get("versions")
            if not isinstance(versions, dict) or not {"python", "torch"} <= versions.keys():
                raise Mismatch("the start line, versions: python and torch are needed")
            assert_is(steps[0], {"step": 3, "loss": 2.5, "rate": 0.5}, "the first step")
            assert_is([each.get("step") for each in steps], [3, 1, 2], "the steps")
            assert_is(last, {"event": "finish", "status": "failed", "error": "it hung"}, "the end")
        with assert_raises('finish("perhaps")', "ValueError", naming="status"):
            logger.finish("perhaps")


@weight(1)
def check_nothing_waits_in_a_buffer(fresh):
    """After every call, what it wrote is in the file."""
    with fresh(file="run_logger.py") as program:
        logger = program.RunLogger("runs", "a", {"seed": 1})
        assert_is(len(entries(logger)), 1, "lines after the start")
        for step in range(3):
            logger.log(step, loss=1.0)
            assert_is(len(entries(logger)), step + 2, f"lines after {step + 1} steps")


@weight(1)
def check_resumes(fresh):
    """A second logger on the same file goes on with it; another config is refused."""
    with fresh(file="run_logger.py") as program:
        logger = program.RunLogger("runs", "a", {"seed": 1, "lr": 0.1})
        logger.log(0, loss=2.0)
        logger.finish("failed", "power cut")
        before = logger.path.read_text()
        with assert_raises("RunLogger with another config", "ValueError", naming="config"):
            program.RunLogger("runs", "a", {"seed": 2, "lr": 0.1})
        assert_is(logger.path.read_text(), before, "the log after that")
        again = program.RunLogger("runs", "a", {"lr": 0.1, "seed": 1})
        again.log(1, loss=1.0)
        found = entries(again)
        assert_is(again.path.read_text().startswith(before), True, "the old lines are kept")
        assert_is(found[3].get("event"), "resume", "the event after the old lines")
        assert_is(found[4:], [{"step": 1, "loss": 1.0}], "what follows it")


@weight(1)
def check_cut_line(fresh):
    """Wherever the last line was cut by a kill, a resumed log loses that line and nothing else."""
    with fresh(file="run_logger.py") as program:
        logger = program.RunLogger("runs", "a", {"seed": 1})
        logger.log(0, loss=2.0)
        logger.log(1, loss=1.5)
        text = logger.path.read_text()
        kept = text[: text.rstrip("\n").rfind("\n") + 1]
        for cut in (len(kept) + 1, len(kept) + 9, len(text) - 1):
            logger.path.write_text(text[:cut])
            assert_is(program.summarize("runs")[0]["records"], 1, "records of a log with a cut")
            again = program.RunLogger("runs", "a", {"seed": 1})
            again.log(1, loss=1.25)
            assert_is(again.path.read_text().startswith(kept), True, "the whole lines are kept")
            steps = [each for each in entries(again) if "step" in each]
            assert_is(steps[1:], [{"step": 1, "loss": 1.25}], "the steps after the cut")
        logger.path.write_text(text[:5])
        again = program.RunLogger("runs", "a", {"seed": 4})
        assert_is([each["event"] for each in entries(again)], ["start"], "without a whole line")


@weight(1)
def check_refuses_what_is_no_number(fresh):
    """nan and infinities are texts; anything that is no plain number is refused and not written."""
    with fresh(file="run_logger.py") as program:
        logger = program.RunLogger("runs", "a", {"seed": 1})
        logger.log(0, a=float("nan"), b=float("inf"), c=float("-inf"), d=-0.5)
        expected = {"step": 0, "a": "nan", "b": "inf", "c": "-inf", "d": -0.5}
        assert_is(entries(logger)[1], expected, "a step that is not finite")
        for bad in (torch.tensor(1.0), np.ones(1), "1.0", True, None, [1.0]):
            what = f"log(1, fine=1.0, speed={str(bad)[:20]})"
            with assert_raises(what, "TypeError", naming="speed"):
                logger.log(1, fine=1.0, speed=bad)
        for bad in (1.0, "1", True):
            with assert_raises(f"log({bad!r}, loss=1.0)", "TypeError", naming="step"):
                logger.log(bad, loss=1.0)
        assert_is(len(entries(logger)), 2, "lines after refused calls")


@weight(1)
def check_summarize(fresh):
    """`summarize` has a row for each run, with its status and its last numbers."""
    with fresh(file="run_logger.py") as program:
        for run, steps in (("b", 3), ("a", 1), ("c", 0)):
            logger = program.RunLogger("runs", run, {"seed": 1})
            for step in range(steps):
                logger.log(10 * step, loss=1 / (step + 1), top=float("inf"))
            if run != "c":
                logger.finish("done" if run == "b" else "failed")
        program.RunLogger("runs", "b", {"seed": 1})
        rows = program.summarize("runs")
    if not isinstance(rows, list) or len(rows) != 3:
        raise Mismatch(f"summarize: got {str(rows)[:100]}, expected three rows")
    top = float("inf")
    assert_is(
        rows,
        [
            {
                "run": "a",
                "status": "failed",
                "records": 1,
                "last": {"step": 0, "loss": 1.0, "top": top},
            },
            {
                "run": "b",
                "status": "running",
                "records": 3,
                "last": {"step": 20, "loss": 1 / 3, "top": top},
            },
            {"run": "c", "status": "running", "records": 0, "last": {}},
        ],
        "summarize",
    )


def metrics(submission):
    """The log of the pack."""
    return read_run(submission.text("pack/metrics.jsonl"), "pack/metrics.jsonl")


@weight(2)
def check_log_of_the_run(submission):
    """The log is whole, has losses of both parts at ten steps, and belongs to config.yaml."""
    log, config = metrics(submission), submission.data("pack/config.yaml")
    if log.status != "done":
        raise Mismatch(f"the run ended as {log.status}, expected done")
    for name in ("train_loss", "val_loss", "val_accuracy"):
        if len(log.series(name)) < 10:
            raise Mismatch(f"{name} stands in {len(log.series(name))} records, expected 10 or more")
    assert_is(log.start["config"], config, "the config in the log, beside config.yaml")
    assert_is(log.start.get("config_hash"), config_hash(config), "the config_hash of the log")
    if "seed" not in config:
        raise Mismatch("config.yaml has no seed; without one nobody can repeat the run")


def held_out():
    """Validation rows of the digits."""
    digits = load_digits()
    rows = np.arange(len(digits.data)) % 5 == 0
    x = torch.tensor(digits.data[rows], dtype=torch.float32) / 16
    return x, torch.tensor(digits.target[rows])


@weight(3)
def check_checkpoint(submission, fresh, record):
    """The checkpoint gives the last validation loss and accuracy of the log again."""
    content, log = submission.content("pack/checkpoint.pt"), metrics(submission)
    if len(content) > 1 << 20:
        raise Mismatch(f"checkpoint.pt has {len(content):,} bytes, expected 1 MB or less")
    x, y = held_out()
    with fresh(file="pack/model.py") as program:
        model = program.load(torch.tensor(list(content), dtype=torch.uint8))
        sizes = [row.shape for row in model.parameters()]
        logits = assert_tensor(model(x), "the model's logits", shape=(360, 10), dtype=x.dtype)
        first = assert_tensor(model(x[:1]), "the logits of one row", shape=(1, 10))
    if (count := sum(int(np.prod(shape)) for shape in sizes)) > 200_000:
        raise Mismatch(f"the network has {count:,} parameters, expected 200,000 or fewer")
    if not torch.allclose(first, logits[:1], atol=1e-4):
        raise Mismatch("a row's logits depend on the other rows: load gives no model in evaluation")
    loss = torch.nn.functional.cross_entropy(logits, y).item()
    accuracy = (logits.argmax(1) == y).float().mean().item()
    record.measure("validation loss", loss, "nats")
    record.measure("validation accuracy", accuracy)
    for name, value in (("val_loss", loss), ("val_accuracy", accuracy)):
        if not abs(log.last(name, "metrics.jsonl") - value) <= 1e-3:
            raise Mismatch(
                f"{name}: the checkpoint gives {value:.4f}, the last record says"
                f" {log.last(name, 'metrics.jsonl'):.4f}",
                next_step="save the weights that the last record was measured with, in eval mode",
            )


@weight(2)
def check_shape_trace(submission, fresh):
    """The shape trace is that of the network in model.py, and begins and ends as it should."""
    written = submission.text("pack/shape_trace.txt").split("\n")
    written = [" ".join(line.split()) for line in written if line.strip()]
    with fresh(file="pack/model.py") as program:
        model = program.build()
        again = program.shape_trace(model, torch.zeros(5, 64))
        named = {row.name.rpartition(".")[0] for row in model.parameters()}
    if written != again:
        raise Mismatch(f"shape_trace.txt says {written}, model.py gives {str(again)[:300]}")
    ends = re.findall(r": (\S+) -> .*?(\S+)$", "\n".join((written[0], written[-1])), re.M)
    if not ends or (ends[0][0], ends[-1][1]) != ("5x64", "5x10"):
        raise Mismatch("the trace does not lead from 5x64 to 5x10")
    if missing := named - {line.split()[0] for line in written}:
        raise Mismatch(f"the layer {min(missing)} has weights and does not stand in the trace")


@weight(2)
def check_curve(submission):
    """The curve has a line for training and one for validation, and both follow the log."""
    lines = {name: drawn(submission, name) for name in ("train_loss", "val_loss")}
    log = metrics(submission)
    wanted, heights = [], []
    for name, points in lines.items():
        steps, losses = np.array(log.series(name)).T
        x, y = points.T
        if len(points) < 10 or np.ptp(x) == 0:
            raise Mismatch(f"curve.svg: the line {name} has {len(points)} points, expected 10")
        share = (x - x[0]) / (x[-1] - x[0])
        wanted.append(np.interp(steps[0] + share * (steps[-1] - steps[0]), steps, losses))
        heights.append(y)
    loss, height = np.concatenate(wanted), np.concatenate(heights)
    slope, offset = np.polyfit(loss, height, 1)
    off = np.abs(height - slope * loss - offset).max()
    if slope >= 0 or off > 0.01 * np.ptp(height):
        raise Mismatch(
            "curve.svg: the two lines are not those of the log on common linear axes",
            next_step="draw train_loss and val_loss of metrics.jsonl into one plot, and save it",
        )


def drawn(submission, name):
    """The points of the line with this id, in a picture."""
    text = submission.text("pack/curve.svg")
    if len(text) > 1 << 20 or "<!ENTITY" in text:
        raise Mismatch("curve.svg is no plain picture of at most 1 MB")
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise Mismatch(f"curve.svg cannot be read: {error}") from None
    group = next((each for each in root.iter() if each.get("id") == name), None)
    if group is None:
        raise Mismatch(
            f"curve.svg has no line with the id {name}", next_step=f'ax.plot(..., gid="{name}")'
        )
    for each in group.iter():
        if numbers := re.findall(
            r"-?\d+\.?\d*(?:e-?\d+)?", each.get("d") or each.get("points") or ""
        ):
            return np.array(numbers[: len(numbers) // 2 * 2], dtype=float).reshape(-1, 2)
    raise Mismatch(f"curve.svg: nothing is drawn under the id {name}")


@weight(2)
def check_readme(submission):
    """The README has its four sections and its length, and the numbers of the log."""
    page, log = page_of(submission, "pack/README.md"), metrics(submission)
    assert_sections(page, SECTIONS)
    assert_words(page.body, 120, 600, "pack/README.md")
    if not fences(page.section("How to run")):
        raise Mismatch("pack/README.md: How to run has no block of code with the commands")
    for name in ("val_loss", "val_accuracy"):
        assert_quotes(page.section("Result"), log.last(name, "metrics.jsonl"), "Result", name)


@merit
@weight(1)
def check_notebook(submission):
    """There is a notebook that was run once from top to bottom, without an error."""
    if "pack/notebook.ipynb" not in submission:
        raise Mismatch("there is no pack/notebook.ipynb; it is optional")
    try:
        book = nbformat.reads(submission.text("pack/notebook.ipynb"), as_version=4)
        nbformat.validate(book)
    except AssertionError:
        raise
    except Exception as error:  # nbformat raises what its many readers raise
        raise Mismatch(f"notebook.ipynb is not valid: {str(error).splitlines()[0]}") from None
    cells = [each for each in book.cells if each.cell_type == "code" and each.source.strip()]
    counts = [each.execution_count for each in cells]
    if not cells or counts != list(range(1, len(cells) + 1)):
        raise Mismatch(f"the code cells are numbered {counts}; restart, and run all of them")
    outputs = [output.output_type for each in cells for output in each.outputs]
    if not outputs or "error" in outputs:
        raise Mismatch("no cell shows anything" if not outputs else "a cell ended with an error")
