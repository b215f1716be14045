"""Logs of runs: what is read of them, and what is refused."""

from __future__ import annotations

import math

import pytest

from grader.oracle import Mismatch
from grader.oracle.runs import config_hash, read_run, run_of

START = '{"event": "start", "run": "a", "config": {"seed": 7, "lr": 0.1}}\n'
STEPS = '{"step": 0, "loss": 2.5}\n{"step": 1, "loss": "nan", "rate": "-inf"}\n'
END = '{"event": "finish", "status": "failed", "error": "loss is nan"}\n'


class Files:
    """What a check sees of a folder."""

    def __init__(self, **files):
        self.files = files

    @property
    def names(self):
        return [f"runs/{name}.jsonl" for name in self.files]

    def text(self, name):
        return self.files[name.removeprefix("runs/").removesuffix(".jsonl")]


def test_a_log_is_read_with_its_special_numbers():
    log = read_run(START + STEPS + END, "a.jsonl")
    assert (log.run, log.status, log.error) == ("a", "failed", "loss is nan")
    assert log.series("loss")[0] == (0, 2.5) and math.isnan(log.series("loss")[1][1])
    assert log.first_not_finite() == 1
    assert log.last("rate", "x") == -math.inf
    with pytest.raises(Mismatch, match="logs no `speed`"):
        log.last("speed", "x")


def test_a_run_that_goes_on_after_its_end_is_running():
    log = read_run(START + END + '{"event": "resume"}\n', "a.jsonl")
    assert (log.status, log.error) == ("running", "")


def test_a_last_line_that_was_cut_is_passed_over():
    whole = START + STEPS
    for cut in range(len(START) + 26, len(whole) - 1):
        assert len(read_run(whole[:cut], "a.jsonl").records) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no run"),
        ('{"step": 0}\n', "line 1"),
        (START + '{"step": 0, "loss": NaN}\n', "line 2"),
        (START + '{"step": 0.5}\n', "step is a whole number"),
        (START + '{"step": 0, "loss": true}\n', "is no number"),
        (START + '{"step": 0, "loss": "low"}\n', "is no number"),
        (START + "[1]\n", "no JSON object"),
        (START + '{"step": 0, "loss": 1' + "0" * 4000 + "}\n", "line 2"),
        (START + '{"event": "end"}\n', "unknown"),
        (START + '{"loss": 1}\n', "line 2"),
        (START + "[" * 100_000 + "\n", "line 2"),
        ('{"event": "start", "run": "a"}\n', "line 1"),
    ],
)
def test_what_is_no_log_is_refused_with_its_line(text, words):
    with pytest.raises(Mismatch, match=words):
        read_run(text, "a.jsonl")


def test_a_hash_is_that_of_the_config_alone():
    assert config_hash({"lr": 0.1, "seed": 7}) == config_hash({"seed": 7, "lr": 0.1})
    assert config_hash({"lr": 0.1, "seed": 7}) == "f8c66b1e2b20"
    assert config_hash({"lr": 0.1, "seed": 8}) != "f8c66b1e2b20"


def test_a_run_is_found_by_its_id_and_lies_in_a_file_of_that_name():
    assert run_of(Files(a=START), "a", "x.md").run == "a"
    with pytest.raises(Mismatch, match="names the run b; in runs/ there are: a"):
        run_of(Files(a=START), "b", "x.md")
    with pytest.raises(Mismatch, match="holds the run a"):
        run_of(Files(b=START), "a", "x.md")
