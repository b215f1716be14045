import torch

from grader.oracle import assert_close, assert_tensor

TEXTS = ["the meal was not bad", "the song was truly great", "the room was nasty"]
RATES = {"embeddings": 1e-4, "encoder": 1e-4, "head": 1e-3}


def check_groups(submission):
    """Four names and their groups."""
    for name, expected in (
        ("bert.embeddings.word_embeddings.weight", "embeddings"),
        ("bert.encoder.layer.1.output.dense.bias", "encoder"),
        ("bert.pooler.dense.weight", "head"),
        ("classifier.weight", "head"),
    ):
        got = submission.group_of(name)
        assert got == expected, f"group_of({name!r}) is {got!r}, expected {expected!r}"


def check_saves_and_reloads(submission, models):
    """One epoch on three texts yields one loss; the saved folder answers twice alike."""
    losses = list(submission.finetune(models["bert"], TEXTS, [1, 1, 0], "out", 1, RATES, 0))
    assert len(losses) == 1, f"{len(losses)} losses, expected 1"
    first = assert_tensor(submission.predict("out", TEXTS), "predict", shape=(3, 2))
    assert_close(submission.predict("out", TEXTS), first, "predict, asked again")
    assert_close(first.sum(1), torch.ones(3), "sums of the rows")
