import torch

from grader.oracle import Mismatch, assert_close


def demand(got, expected, what):
    if got != expected:
        raise Mismatch(f"{what}: got {str(got)[:300]}, expected {str(expected)[:300]}")


def check_a_nested_batch(submission):
    """A dict with a tensor and a text arrives on `meta`, once in a list, once in a Batch."""
    inner = [("['x']", "Tensor", "meta", [2, 3]), ("['name']", "str", "", [])]
    expected = [("result", "list", "", [])]
    expected += [("result[0]", "dict", "", [])] + [("result[0]" + p, *r) for p, *r in inner]
    expected += [("result[1]", "Batch", "", []), ("result[1][0]", "dict", "", [])]
    expected += [("result[1][0]" + p, *r) for p, *r in inner] + [("result[1][1]", "int", "", [])]
    demand(submission.moved({"x": torch.ones(2, 3), "name": "a"}, "meta"), expected, "moved")


def check_positions(submission):
    """Four steps have the positions 0, 0.25, 0.5 and 0.75."""
    got = submission.with_positions(torch.ones(1, 4, 1))
    expected = torch.tensor([[[1.0, 0.0], [1.0, 0.25], [1.0, 0.5], [1.0, 0.75]]])
    assert_close(got, expected, "with_positions")


def check_the_plan_of_the_task(submission):
    """The plan of the task, in bytes."""
    plan = submission.memory_plan(10_000_000, torch.float32, "adamw", 8, 1024, 256, 6, 8, 32_000)
    expected = {"params": 40_000_000, "grads": 40_000_000, "optimizer": 80_000_000}
    expected |= {"hidden": 50_331_648, "attention": 1_610_612_736, "logits": 1_048_576_000}
    demand(plan, expected | {"total": sum(expected.values())}, "memory_plan")


def check_batches_up_to_13(submission):
    """Where 13 rows fit, the answer is 13."""
    asked = []

    def fits(batch):
        asked.append(batch)
        return batch <= 13

    demand(submission.search(fits, 1, 64), 13, f"find_batch_size, which tried {asked},")
