import re

import pytest
import torch

from grader.oracle import Mismatch
from grader.oracle.prose import sentences
from grader.oracle.runs import run_of
from grader.oracle.texts import (
    assert_sections,
    assert_words,
    count_words,
    fences,
    items,
    page_of,
    quotes,
    tables,
)

TEXTS = {
    "loop.md": (80, 150),
    "attention.md": (40, 200),
    "sequence.md": (60, 200),
    "shapes.md": (15, 200),
    "interview.md": (80, 400),
    "log.md": (60, 800),
}
YEARS = {
    "backpropagation": (1970, 1986),
    "convolution": (1980, 1998),
    "recurrence": (1982, 1997),
    "attention": (2014, 2015),
    "transformer": (2017, 2017),
}
WHY = {
    "mini_batch": r"nois|memor|fast|speed|cheap|parallel|gradient",
    "warm_up": r"begin|start|first|early|initial",
    "learning_rate": r"overshoot|diverge|too large|too small|crawl|slow|step",
    "root_d": r"varianc|spread|deviation|softmax|saturat|large|scale",
    "dropout_scaling": r"expect|mean|average|evaluat|inference|same",
}
SENTENCES = {
    "overfit_one_batch": ("proves", "does_not_prove"),
    "pass_check": (
        *("what_goes_in", "what_is_loss", "what_backward_leaves", "what_step_changes"),
        "how_you_know",
    ),
    "bridge": ("embedding", "evaluation", "tokens", "inference"),
    "terms": tuple("tensor forward loss backward optimizer epoch batch".split()),
}
ORDER = {
    "forward": r"\bforward\b",
    "loss": r"\bloss\b",
    "backward": r"\bbackwards?\b",
    "step or update": r"\bsteps?\b|\bupdate[sd]?\b",
}
SHAPE = re.compile(r"\(\s*\w+(?:\s*,\s*\w+)*\s*,?\s*\)")


def notes(submission, *path):
    """A field of notes.yaml."""
    value = submission.data("notes.yaml")
    for name in path:
        if not isinstance(value, dict) or value.get(name) in (None, ""):
            raise Mismatch(f"notes.yaml: {'.'.join(map(str, path))} is empty")
        value = value[name]
    return value


def sentence(submission, *path, least=5, most=60):
    """The same, of a fit length."""
    text = str(notes(submission, *path))
    assert_words(text, least, most, f"notes.yaml: {'.'.join(path)}")
    return text


@pytest.mark.parametrize("name", list(TEXTS))
def check_text(submission, name):
    """{name} is as long as it should be, and no list of terms."""
    text = submission.text(name)
    assert_words(text, *TEXTS[name], name)
    if name in ("loop.md", "sequence.md"):
        found = list(sentences(text))
        in_prose = sum(len(each.words) for each in found if each.is_prose)
        if in_prose < 0.6 * sum(len(each.words) for each in found):
            raise Mismatch(f"{name}: most of it is not in whole sentences")


def check_loop(submission):
    """loop.md comes to forward, loss, backward and step in this order."""
    text = submission.text("loop.md").lower()
    places = {}
    for name, pattern in ORDER.items():
        if not (found := re.search(pattern, text)):
            raise Mismatch(f"loop.md does not speak of {name}")
        places[name] = found.start()
    if (order := sorted(places, key=places.get)) != list(ORDER):
        raise Mismatch(f"loop.md comes to them as {', '.join(order)}")


def check_attention(submission):
    """attention.md has a drawing with four shapes or more."""
    drawn = "\n".join(code for _, code in fences(submission.text("attention.md")))
    if len(SHAPE.findall(drawn)) < 4 or len(drawn.split("\n")) < 5:
        raise Mismatch("attention.md: the drawing shows fewer than four shapes such as (3, 2)")


def check_sequence(submission):
    """sequence.md speaks of the state, of gradients that get lost, and of a gate."""
    text = submission.text("sequence.md").lower()
    for word in ("state", "gradient", "gate"):
        if word not in text:
            raise Mismatch(f"sequence.md does not speak of the {word}")


def check_shapes(submission):
    """shapes.md leads through four layers or more, each from the shape where the last one ended."""
    rows = [row for row in tables(submission.text("shapes.md")) if len(row) == 3]
    sizes = [[re.findall(r"\w+", cell) for cell in row[1:]] for row in rows]
    if len(rows) < 4 or not all(map(all, sizes)):
        raise Mismatch(f"shapes.md: {len(rows)} rows `layer, in, out`, expected four or more")
    for (_, before), (after, _), row in zip(sizes, sizes[1:], rows[1:], strict=False):
        if before != after:
            raise Mismatch(f"shapes.md: {row[0]} takes {row[1]}, the layer before gave another")


def check_interview(submission):
    """interview.md has both answers, with three fixes or more."""
    page = page_of(submission, "interview.md")
    assert_sections(page, ["Backpropagation", "Vanishing gradients"])
    if len(items(page.section("Vanishing gradients"))) < 3:
        raise Mismatch("interview.md: fewer than three fixes of vanishing gradients, as a list")


def check_log(submission):
    """log.md has four dated entries or more, in order of time."""
    page = page_of(submission, "log.md")
    dates = [each for each in page.sections if re.fullmatch(r"\d{4}-\d\d-\d\d", each)]
    if len(dates) < 4 or dates != sorted(dates):
        raise Mismatch(f"log.md: the dated entries are {dates}, expected four or more in order")
    for date in dates:
        if count_words(page.sections[date]) < 8:
            raise Mismatch(f"log.md: the entry of {date} has fewer than 8 words")


def check_origins(submission):
    """notes.yaml says when each idea came up, and what it solved."""
    for name, (first, last) in YEARS.items():
        year = notes(submission, "origins", name, "year")
        if type(year) is not int or not first - 5 <= year <= last + 5:
            raise Mismatch(f"notes.yaml: origins.{name} was not in {year}")
        sentence(submission, "origins", name, "solves")


def check_sentences(submission):
    """Every short note of notes.yaml is written, and each reason names what it is about."""
    sentence(submission, "diagnosis", least=20, most=120)
    for group, names in SENTENCES.items():
        for name in names:
            sentence(submission, group, name)
    for name, pattern in WHY.items():
        if not re.search(pattern, sentence(submission, "why", name), re.I):
            raise Mismatch(f"notes.yaml: why.{name} does not say what it is about")


def check_drill(submission):
    """The drill tells of a run that failed and of the one after the fix, with their numbers."""
    for name in ("symptom", "first_check", "likely_cause", "fix_attempt", "result_after_fix"):
        sentence(submission, "drill", name)
    failed = run_of(submission, notes(submission, "drill", "run_id"), "notes.yaml")
    fixed = run_of(submission, notes(submission, "drill", "fixed_run"), "notes.yaml")
    if failed.status != "failed" and failed.first_not_finite() is None:
        raise Mismatch(f"the run {failed.run} did not fail: it ended as {failed.status}")
    if fixed.status != "done":
        raise Mismatch(f"the run {fixed.run} ended as {fixed.status}, expected done")
    for log, field in ((failed, "symptom"), (fixed, "result_after_fix")):
        text = sentence(submission, "drill", field)
        values = [each for record in log.records for key, each in record.items() if key != "step"]
        if not any(quotes(text, value) for value in values):
            raise Mismatch(f"notes.yaml: drill.{field} gives no number of the run {log.run}")


def check_start(submission):
    """The four losses are those of `first_loop`."""
    for epoch, loss in first_loop().items():
        mine = notes(submission, "start", epoch)
        if not isinstance(mine, int | float) or abs(mine - loss) > 2e-3:
            raise Mismatch(f"notes.yaml: start.{epoch} is {mine}, and not what first_loop gives")


def first_loop():
    """The training of six_steps, once more."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(42)
        model, losses = torch.nn.Linear(1, 1), {}
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    x = torch.tensor([[1.0], [2.0], [3.0], [4.0]])
    for epoch in range(20):
        loss = torch.nn.functional.mse_loss(model(x), 2 * x)
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses[epoch] = loss.item()
    return {epoch: losses[epoch] for epoch in (0, 1, 5, 19)}
