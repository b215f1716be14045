"""Baselines, prefix-only scoring, and the one definition of "converged"."""

from __future__ import annotations

import math

import pytest
import torch

from grader.oracle import (
    Mismatch,
    NGram,
    Windows,
    assert_converged,
    bits_per_character,
    generator,
    held_out_windows,
    margin,
    paired,
    split_text,
    training_windows,
)

TEXT = "the cat sat on the mat. " * 40
SPLIT = split_text(TEXT, seed=1)
WINDOWS = Windows(torch.tensor([[0, 1], [1, 0]]), torch.tensor([1, 1]))


def test_the_three_parts_are_the_text_renumbered_and_turned():
    ids = torch.cat([SPLIT.a, SPLIT.b, SPLIT.train])
    assert len(SPLIT.a) == len(SPLIT.b) == len(TEXT) // 10
    seen = dict.fromkeys(ids.tolist())
    assert set(seen) == set(range(SPLIT.vocab_size)) == set(range(len(set(TEXT))))
    counts = sorted(torch.bincount(ids).tolist())
    assert counts == sorted(TEXT.count(symbol) for symbol in set(TEXT))
    other = split_text(TEXT, seed=2)
    assert not torch.equal(torch.bincount(ids), torch.bincount(torch.cat(other[:3])))


def test_the_same_seed_splits_alike():
    again = split_text(TEXT, seed=1)
    assert all(torch.equal(x, y) for x, y in zip(SPLIT[:3], again[:3], strict=True))


def test_training_windows_lie_in_the_text_and_y_is_one_ahead():
    ids = torch.arange(50)
    x, y = training_windows(ids, block=7, count=300, seed=3)
    assert x.shape == y.shape == (300, 7)
    assert torch.equal(y, x + 1)
    assert int(x.min()) == 0 and int(y.max()) == 49


def test_held_out_windows_do_not_overlap_and_targets_follow():
    windows = held_out_windows(torch.arange(100), block=9, count=1000, seed=4)
    assert len(windows) == 10
    assert torch.equal(windows.targets, windows.inputs[:, -1] + 1)
    everything = torch.cat([windows.inputs, windows.targets[:, None]], 1).flatten()
    assert torch.equal(everything.sort().values, torch.arange(100))


@pytest.mark.parametrize("n", [1, 2, 3])
def test_an_ngram_counts_what_a_loop_counts(n):
    ids = torch.randint(0, 4, (200,), generator=generator(5))
    windows = held_out_windows(torch.randint(0, 4, (60,), generator=generator(6)), 5, 10, seed=7)
    grams = [tuple(ids[i : i + n].tolist()) for i in range(len(ids) - n + 1)]
    for context, target, bits in zip(
        *windows_of(windows), NGram(ids, 4, n).bits(windows), strict=True
    ):
        before = tuple(context[len(context) - n + 1 :])
        hits = grams.count((*before, target))
        total = sum(gram[:-1] == before for gram in grams)
        assert float(bits) == pytest.approx(-math.log2((hits + 0.1) / (total + 0.4)))


def windows_of(windows):
    return windows.inputs.tolist(), windows.targets.tolist()


def test_only_the_last_position_of_the_logits_counts_and_they_are_normalised_here():
    def model(ids):
        logits = torch.full((*ids.shape, 3), 1e9)
        logits[:, -1] = torch.tensor([5.0, 5.0 + math.log(2), 5.0])
        return logits

    bits = bits_per_character(model, WINDOWS, 3, batch=1)
    torch.testing.assert_close(bits, torch.ones(2, dtype=torch.float64), atol=1e-6, rtol=0)


@pytest.mark.parametrize("shape", [(2, 3), (2, 2, 4), (1, 2, 3)])
def test_logits_of_another_shape_are_refused(shape):
    with pytest.raises(Mismatch, match="the model's logits"):
        bits_per_character(lambda ids: torch.zeros(shape), WINDOWS, 3)


def test_paired_gives_mean_and_standard_error_of_the_differences():
    found = paired(torch.tensor([1.0, 2.0, 6.0]), torch.tensor([1.0, 1.0, 4.0]))
    assert found.mean == pytest.approx(1.0)
    assert found.error == pytest.approx(1 / math.sqrt(3))


@pytest.mark.parametrize(("better_by", "scored"), [(0.5, 1), (0.06, 2), (0.0, 2), (-0.5, 1)])
def test_a_second_set_decides_with_the_first_only_near_the_bar(better_by, scored):
    ids = torch.randint(0, 4, (4000,), generator=generator(8))
    baseline = NGram(ids, 4, 2)
    sets = [held_out_windows(ids[shift:], 9, 100, seed=9) for shift in (0, 5)]
    asked = []

    def score(windows):
        asked.append(windows)
        noise = torch.randn(len(windows), generator=generator(10), dtype=torch.float64)
        return baseline.bits(windows) - better_by + 0.4 * (noise - noise.mean())

    found = margin(score, baseline, sets, bar=-0.03)
    assert len(asked) == scored
    assert found.mean == pytest.approx(-better_by)


def test_a_curve_that_falls_and_settles_has_converged():
    assert_converged([6.0, 4.0, 3.6, 3.5, 3.3, 3.1, 3.0, 2.9, 2.8, 2.75, 2.74])


@pytest.mark.parametrize(
    ("curve", "reason"),
    [
        ([6.0, 4.0, math.nan, 3.0, 3.0, 3.0], "inf or nan"),
        ([6.0, 6.0, 6.0, 6.0, 6.0, 6.0], "nothing was learnt"),
        ([6.0, 3.0, 2.5, 2.5, 2.6, 2.8], "got worse again"),
        ([6.0, 5.6, 5.2, 4.8, 4.4, 4.0], "not settled"),
        ([6.0, 9.0, 12.0, 13.0, 13.0, 13.0], "nothing was learnt"),
    ],
)
def test_a_curve_that_has_not_converged_is_refused_with_its_reason(curve, reason):
    with pytest.raises(Mismatch, match=reason):
        assert_converged(curve)
