"""Shifted images, and accuracy measured on labels that stay outside."""

from __future__ import annotations

import math

import pytest
import torch

from grader.oracle import Mismatch, accuracy, assert_accuracy, randn, shifted

IMAGES = randn(40, 2, 5, 6, seed=1) + 10
LABELS = torch.tensor([3, 1, 4, 1])


def moved(image, dy, dx):
    """One image (C, H, W) moved down by dy and right by dx."""
    out = torch.zeros_like(image)
    height, width = image.shape[-2:]
    for y in range(height):
        for x in range(width):
            if 0 <= y - dy < height and 0 <= x - dx < width:
                out[:, y, x] = image[:, y - dy, x - dx]
    return out


@pytest.mark.parametrize("by", [0, 1, 2])
def test_each_image_is_moved_whole_by_at_most_so_many_pixels(by):
    steps = range(-by, by + 1)
    used = set()
    for image, got in zip(IMAGES, shifted(IMAGES, 3, by), strict=True):
        fits = [(y, x) for y in steps for x in steps if torch.equal(moved(image, y, x), got)]
        assert len(fits) == 1
        used.add(fits[0])
    assert {y for y, _ in used} == {x for _, x in used} == set(steps)


def test_moves_follow_the_seed_and_leave_the_images_as_they_are():
    before = IMAGES.clone()
    first = shifted(IMAGES, 1)
    assert torch.equal(first, shifted(IMAGES, 1)) and not torch.equal(first, shifted(IMAGES, 2))
    assert torch.equal(IMAGES, before)
    assert (first.shape, first.dtype) == (IMAGES.shape, IMAGES.dtype)


@pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.uint8])
def test_accuracy_is_the_share_of_right_labels(dtype):
    assert accuracy(LABELS.to(dtype), LABELS) == 1.0
    assert accuracy(torch.tensor([3, 1, 4, 2], dtype=dtype), LABELS) == 0.75
    assert accuracy(torch.tensor([0, 0, 0, 0], dtype=dtype), LABELS) == 0.0


@pytest.mark.parametrize(
    ("predictions", "said"),
    [
        (LABELS.float(), "dtype float32, expected int64"),
        (LABELS.bool(), "dtype bool, expected int64"),
        (LABELS[:, None], "shape (4, 1), expected (4,)"),
        (LABELS[:3], "shape (3,), expected (4,)"),
        (torch.tensor(3), "shape (), expected (4,)"),
        (torch.zeros(4, 10), "shape (4, 10), expected (4,)"),
        ([3, 1, 4, 1], "returned a list of 4"),
        (1.0, "returned 1.0"),
        (None, "returned None"),
    ],
)
def test_only_one_integer_for_each_image_counts_as_predictions(predictions, said):
    with pytest.raises(Mismatch) as caught:
        accuracy(predictions, LABELS)
    assert str(caught.value).startswith(f"predict(images): {said}")


def test_the_bar_itself_is_enough():
    assert_accuracy(0.97, 0.97, "test images")
    assert_accuracy(1.0, 0.97, "test images")


@pytest.mark.parametrize("value", [0.9699, 0.0, math.nan])
def test_less_than_the_bar_or_no_number_is_refused(value):
    with pytest.raises(Mismatch, match=r"test images: accuracy .*, asked for 0.97") as caught:
        assert_accuracy(value, 0.97, "test images", next_step="train longer")
    assert caught.value.next_step == "train longer" and caught.value.allowed == 0.97


def test_no_images_have_no_accuracy():
    with pytest.raises(Mismatch):
        assert_accuracy(accuracy(LABELS[:0], LABELS[:0]), 0.0, "nothing")
