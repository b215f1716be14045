import re

import pytest

from grader.oracle import Mismatch
from grader.oracle.runs import run_of
from grader.oracle.texts import (
    assert_code,
    assert_quotes,
    assert_sections,
    assert_words,
    count_words,
    fences,
    items,
    page_of,
    quotes,
)

SECTIONS = ["Confirm", "Likely causes", "Fix steps", "Verify", "Prevent", "Last drill"]
CAUSES = {
    "gpu_out_of_memory": (
        4,
        "batch_too_large sequence_too_long model_too_large graph_kept_by_loss_sum"
        " validation_builds_graph activations_stored no_accumulation no_checkpointing"
        " other_process fragmentation".split(),
    ),
    "nan_loss": (
        5,
        "lr_too_high log_of_zero missing_epsilon exploding_gradients fp16_overflow"
        " fully_masked_row nan_in_data unnormalised_inputs softmax_before_cross_entropy"
        " missing_zero_grad".split(),
    ),
    "checkpoint_will_not_load": (
        4,
        "other_architecture name_prefix file_cut_short missing_part other_device"
        " other_version not_weights_only".split(),
    ),
}
ERRORS = {
    "gpu_out_of_memory": r"memory",
    "checkpoint_will_not_load": r"checkpoint|state_dict|size mismatch|key|archive|corrupt",
}
FILES = pytest.mark.parametrize("name", list(CAUSES))


@FILES
def check_form(submission, name):
    """{name}.md has its four fields, its sections in order, and its length."""
    page = page_of(submission, f"{name}.md")
    for field in ("symptom", "detect"):
        if count_words(str(page.field(field))) < 4:
            raise Mismatch(f"{name}.md: `{field}` is no sentence")
    if page.field("severity") not in ("low", "medium", "high"):
        raise Mismatch(f"{name}.md: `severity` is low, medium or high")
    assert_sections(page, SECTIONS)
    assert_words(page.body, 150, 600, f"{name}.md")
    if count_words(page.section("Verify")) < 8:
        raise Mismatch(f"{name}.md: Verify says too little: a command, a number, a threshold")


@FILES
def check_commands(submission, name):
    """{name}.md shows commands that can be read as such."""
    page = page_of(submission, f"{name}.md")
    if not any(language and code.strip() for language, code in fences(page.section("Confirm"))):
        raise Mismatch(f"{name}.md: Confirm has no block of code marked `bash` or `python`")
    assert_code(page.body, f"{name}.md")


@FILES
def check_causes(submission, name):
    """{name}.md ranks enough causes, by their names."""
    least, known = CAUSES[name]
    listed = items(page_of(submission, f"{name}.md").section("Likely causes"))
    found = [match[1] for each in listed if (match := re.match(r"\W*`(\w+)`", each))]
    if strange := [each for each in found if each not in known]:
        raise Mismatch(f"{name}.md: {strange[0]} is no name from the list of the task")
    if len(set(found)) < max(least, len(listed)):
        raise Mismatch(
            f"{name}.md: {len(set(found))} causes by name in {len(listed)} items, expected at"
            f" least {least}, one to an item"
        )


@FILES
def check_steps(submission, name):
    """Each fix step of {name}.md says what you then see."""
    steps = items(page_of(submission, f"{name}.md").section("Fix steps"))
    if len(steps) < 3:
        raise Mismatch(f"{name}.md has {len(steps)} fix steps, expected 3 or more")
    for n, step in enumerate(steps, 1):
        if count_words(step.partition("Expect:")[2]) < 3:
            raise Mismatch(f"{name}.md, step {n} does not say what you see: `Expect: ...`")


@FILES
def check_drill(submission, name):
    """The drill of {name}.md lies here, shows the symptom, and is told with its numbers."""
    page = page_of(submission, f"{name}.md")
    log, told = run_of(submission, page.field("drill"), f"{name}.md"), page.section("Last drill")
    step = log.first_not_finite()
    if name == "nan_loss":
        if step is None:
            raise Mismatch(f"every number in the run {log.run} is finite: no drill of this")
        assert_quotes(told, step, "Last drill", "the first step that is not finite")
    elif log.status != "failed" or not re.search(ERRORS[name], log.error, re.I):
        raise Mismatch(f"the run {log.run} ended as {log.status}, {log.error!r}: no drill of this")
    if log.run not in told:
        raise Mismatch(f"Last drill in {name}.md does not name the run {log.run}")
    fine = [each for each in log.records if step is None or each["step"] < step]
    numbers = {key: value for key, value in fine[-1].items() if key != "step"} if fine else {}
    if not any(quotes(told, value) for value in numbers.values()):
        raise Mismatch(f"Last drill in {name}.md gives no number of the last finite record")
