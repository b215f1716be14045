"""What checks are written with: inputs to draw, claims to make, baselines to beat.

It imports nothing else of ours, so that checks stay portable.
"""

from grader.oracle.gradients import assert_differences, assert_gradient
from grader.oracle.images import accuracy, assert_accuracy, shifted
from grader.oracle.language import (
    Margin,
    NGram,
    Split,
    Windows,
    assert_converged,
    bits_per_character,
    held_out_windows,
    margin,
    paired,
    split_text,
    training_windows,
)
from grader.oracle.properties import (
    assert_batch_independent,
    assert_causal,
    assert_keeps_inputs,
    assert_permutation_equivariant,
    assert_state_round_trip,
)
from grader.oracle.strategies import masks, seeds, sides, tensors
from grader.oracle.values import (
    Mismatch,
    assert_close,
    assert_equal,
    assert_raises,
    assert_tensor,
    generator,
    merit,
    randn,
    unpack,
    weight,
)

__all__ = [
    "Margin",
    "Mismatch",
    "NGram",
    "Split",
    "Windows",
    "accuracy",
    "assert_accuracy",
    "assert_batch_independent",
    "assert_causal",
    "assert_close",
    "assert_converged",
    "assert_differences",
    "assert_equal",
    "assert_gradient",
    "assert_keeps_inputs",
    "assert_permutation_equivariant",
    "assert_raises",
    "assert_state_round_trip",
    "assert_tensor",
    "bits_per_character",
    "generator",
    "held_out_windows",
    "margin",
    "masks",
    "merit",
    "paired",
    "randn",
    "seeds",
    "shifted",
    "sides",
    "split_text",
    "tensors",
    "training_windows",
    "unpack",
    "weight",
]
