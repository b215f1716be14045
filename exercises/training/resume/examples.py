import torch

from grader.oracle import Mismatch


def check_saves_the_six_parts(submission):
    """A checkpoint has the six keys, with epoch and extra as they were given."""
    got = submission.save_checkpoint(*submission.started("adam"), 3, {"note": "before lunch"})
    keys = ["epoch", "extra", "model", "opt", "rng", "sched"]
    if not isinstance(got, dict) or sorted(got) != keys:
        raise Mismatch(f"save_checkpoint: returned {str(got)[:200]}, expected the keys {keys}")
    if got["epoch"] != 3 or got["extra"] != {"note": "before lunch"}:
        raise Mismatch(f"got epoch {got['epoch']} and extra {got['extra']}")
    if not isinstance(got["model"], dict) or not isinstance(got["model"]["0.bias"], torch.Tensor):
        raise Mismatch("`model` is not the model's state_dict()")


def check_explains_by_hand(submission):
    """The README's two models: a prefix, one name missing, one too many, one other shape."""
    model = {"a.weight": [3, 2], "a.bias": [3], "b.weight": [1, 3]}
    saved = {"module.a.weight": [3, 4], "module.a.bias": [3], "module.c.weight": [1, 3]}
    got = submission.explain_mismatch(model, saved)
    expected = {
        "prefix": "module.",
        "missing": ["b.weight"],
        "unexpected": ["c.weight"],
        "shape": [("a.weight", [3, 2], [3, 4])],
    }
    if got != expected:
        raise Mismatch(f"explain_mismatch: got {str(got)[:300]}, expected {expected}")
