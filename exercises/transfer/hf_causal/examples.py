import torch

from grader.oracle import assert_close, assert_equal

IDS = torch.tensor([40, 7, 300, 12])


def check_ids_of_one_sentence(submission, models):
    """The tokens of one sentence, put together again, are the sentence."""
    tokenizer, _ = submission.load(models["tiny_gpt2"])
    batch = submission.encode_batch(tokenizer, ["To be, or not to be"], 64)
    assert tokenizer.decode(batch["input_ids"][0]) == "To be, or not to be"
    assert_equal(batch["attention_mask"], torch.ones_like(batch["input_ids"]), "attention_mask")


def check_table_and_loop_agree(submission, models):
    """The first row of the table is the token that your own loop takes."""
    _, model = submission.load(models["tiny_gpt2"])
    ((best, _),) = submission.next_token_table(model, IDS, 1)
    longer = submission.generate_manual(model, IDS, 1)
    assert_equal(longer, torch.cat([IDS, torch.tensor([best])]), "generate_manual, n 1")


def check_rows_of_attention(submission, models):
    """Four tokens give a table of 4 x 4, whose first row reads only itself."""
    _, model = submission.load(models["tiny_gpt2"])
    weights = submission.attention_of(model, IDS, layer=1, head=2)
    assert_close(weights[0], torch.tensor([1.0, 0.0, 0.0, 0.0]), "first row")
    assert_close(weights.sum(1), torch.ones(4), "sums of the rows")
