"""The simulated device: what tensors hold, to the byte, and the same in every run."""

from __future__ import annotations

import gc
from textwrap import dedent

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from grader import rules
from grader.bank.bank import RULES
from grader.box import Box
from grader.meter import MIB, Meter
from grader.model import Limits
from grader.proxy import Submission, SubmissionError
from grader.warm import TRAINING

KIB_256 = 256 * 256 * 4


def graphs(count):
    """Losses with their graphs: each keeps one result of 256 KiB for its backward pass."""
    weight = torch.ones(256, 256, requires_grad=True)
    return [(weight * i).exp().sum() for i in range(count)]


def test_graphs_that_are_kept_hold_their_activations():
    with Meter() as meter:
        kept = graphs(24)
        assert 6 * MIB < meter.live < 7 * MIB
        del kept
    assert meter.live == 0


def test_graphs_that_are_dropped_hold_nothing():
    with Meter() as meter:
        losses = [loss.item() for loss in graphs(24)]
        assert len(losses) == 24 and meter.live == 0


def test_without_a_graph_nothing_but_the_results_is_held():
    with Meter() as meter, torch.no_grad():
        kept = graphs(24)
        assert meter.live == 24 * 512
        del kept


def test_checkpointing_needs_less_at_most():
    def peak(run):
        with Meter() as meter:
            layers = [nn.Sequential(nn.Linear(64, 256), nn.GELU(), nn.Linear(256, 64))] * 6
            x = torch.randn(256, 64)
            for layer in layers:
                x = run(layer, x)
            x.sum().backward()
        return meter.peak

    plain = peak(lambda layer, x: layer(x))
    assert peak(lambda layer, x: checkpoint(layer, x, use_reentrant=False)) < 0.7 * plain


def training():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(20, 30), nn.BatchNorm1d(30), nn.ReLU(), nn.Linear(30, 1))
    opt = torch.optim.Adam(model.parameters())
    for _ in range(20):
        loss = model(torch.randn(16, 20)).square().mean()
        opt.zero_grad()
        loss.backward()
        opt.step()


def test_the_same_program_shows_the_same_numbers():
    readings = []
    for _ in range(3):
        with Meter() as meter:
            training()
        readings.append(meter.reading())
    assert readings[0] == readings[1] == readings[2]
    assert readings[0]["operations"] > 1000 and readings[0]["live"] == 0


def test_views_share_what_they_hold_and_sizes_are_rounded_to_512():
    with Meter() as meter:
        x = torch.zeros(256, 256)
        rows = [x[i] for i in range(10)]
        assert meter.live == KIB_256
        y = torch.zeros(3)
        assert meter.live == KIB_256 + 512
        del x, rows, y
        assert meter.live == 0


def test_a_tensor_that_grows_is_counted_as_it_is():
    with Meter() as meter:
        x = torch.zeros(1)
        x.resize_(256, 256)
        assert meter.live == KIB_256


def test_a_cycle_is_counted_until_it_is_collected():
    with Meter() as meter:
        cycle = [torch.zeros(256, 256)]
        cycle.append(cycle)
        del cycle
        assert meter.live == KIB_256
        gc.collect()
        assert meter.live == 0


def test_what_does_not_fit_is_refused_in_the_familiar_words():
    with Meter(1) as meter, pytest.raises(torch.OutOfMemoryError) as caught:
        _kept = [torch.zeros(256, 256) for _ in range(5)]
    words = (
        "simulated device",
        "Tried to allocate 0.25 MiB",
        "total capacity of 1.00 MiB",
        "zeros",
    )
    assert all(each in str(caught.value) for each in words)
    assert (meter.refusals, meter.peak) == (1, MIB)


@pytest.fixture(scope="module")
def box(isolation):
    with Box(isolation, Limits(), preloads=TRAINING) as made:
        yield made


SCRIPT = """
    import torch

    def fill(count):
        kept = [torch.zeros(256, 256) for _ in range(count)]
        return len(kept)

    def fill_and_hide(count):
        try:
            return fill(count)
        except torch.OutOfMemoryError:
            return 0
"""


def ask(box, device_mb, *calls):
    with box.run(Limits(device_mb=device_mb)) as run:
        script = Submission(run, "mine.py", dedent(SCRIPT))
        answers = [getattr(script, name)(count) for name, count in calls]
        return answers, script.ask({"op": "memory"}, "memory")["value"]


def test_in_the_box_a_script_is_held_to_the_device(box):
    with pytest.raises(SubmissionError, match="simulated device"):
        ask(box, 1, ("fill", 5))
    assert ask(box, 2, ("fill", 5))[0] == [5]


def test_in_the_box_the_numbers_are_the_same_in_every_process(box):
    first, second = (ask(box, 4, ("fill", 9), ("fill", 3)) for _ in range(2))
    assert first == second
    assert first[1]["peak"] == 9 * KIB_256 and first[1]["live"] == 0


def test_a_refusal_that_a_script_hides_is_told(box):
    answers, memory = ask(box, 1, ("fill_and_hide", 5))
    assert answers == [0] and memory["refusals"] == 1


def test_without_a_device_nothing_is_measured(box):
    assert ask(box, None, ("fill", 5)) == ([5], {})


@pytest.mark.parametrize(
    "trick",
    [
        "from torch.utils._python_dispatch import _disable_current_modes",
        "from torch.utils import _python_dispatch",
        "import torch.utils._python_dispatch as d",
        "torch._C._DisableTorchDispatch()",
        "torch._C._len_torch_dispatch_stack()",
        "import gc",
        "import sys",
        "from grader import meter",
        "import threading",
        "import torch.multiprocessing",
        "torch.compile(f)",
        "x.untyped_storage()",
        "x.__torch_dispatch__",
        "torch.overrides.enable_reentrant_dispatch()",
        "torch.from_numpy(a)",
        "torch.set_default_device('meta')",
    ],
)
def test_the_rules_of_a_script_leave_no_name_that_switches_the_meter_off(trick):
    assert rules.judge(f"import torch\n{trick}\n", RULES)
