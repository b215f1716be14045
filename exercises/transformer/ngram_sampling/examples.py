import math

import torch

from grader.oracle import Mismatch, assert_close, assert_equal

ABAB = torch.tensor([0, 1, 0, 1])
LOGITS = torch.tensor([0.5, 0.3, 0.15, 0.05]).log()


def check_counts_of_abab(submission):
    """bigram_counts of "abab", its table, and what it costs, as in the README."""
    assert_equal(submission.bigram_counts(ABAB, 2), torch.tensor([[0, 2], [1, 0]]), "bigram_counts")
    table = submission.ngram_logprobs(ABAB, 2, 2)
    rows = torch.tensor([[0.1 / 2.2, 2.1 / 2.2], [1.1 / 1.2, 0.1 / 1.2]], dtype=torch.float64)
    assert_close(table, rows.log(), "ngram_logprobs(ids, 2, 2)", atol=1e-6)
    logprobs = submission.text_logprobs(table, ABAB)
    bits, perplexity = submission.bits_per_char(logprobs), submission.perplexity(logprobs)
    assert_close(torch.tensor(bits), torch.tensor(0.0866), "bits_per_char", atol=1e-4)
    assert_close(torch.tensor(perplexity), torch.tensor(1.0619), "perplexity", atol=1e-4)


def check_probabilities_of_the_readme(submission):
    """The five settings of the worked example."""
    for options, expected in (
        ({"temperature": 0.5}, [0.6849, 0.2466, 0.0616, 0.0068]),
        ({"top_k": 2}, [0.625, 0.375, 0, 0]),
        ({"top_p": 0.7}, [0.625, 0.375, 0, 0]),
        ({"top_p": 0.4}, [1, 0, 0, 0]),
        ({"top_k": 3, "top_p": 0.82}, [0.625, 0.375, 0, 0]),
    ):
        what = f"next_probs(logits, {', '.join(f'{k}={v}' for k, v in options.items())})"
        got = submission.next_probs(LOGITS, **options)
        assert_close(got, torch.tensor(expected).float(), what, atol=1e-4)


def check_greedy_text(submission):
    """A model that always wants the next letter continues 0, 1 with 2, 3, 0, 1 at temperature 0."""

    def model(ids):
        return torch.nn.functional.one_hot((ids + 1) % 4, 4).float()

    got = submission.generate(model, torch.tensor([0, 1]), 4, block=2, temperature=0.0)
    assert_equal(got, torch.tensor([0, 1, 2, 3, 0, 1]), "generate(model, ids, 4, block=2)")


def check_sample_is_a_number(submission):
    """sample returns a Python int that may come."""
    token = submission.sample(torch.tensor([0.0, -math.inf, 1.0]), top_k=2)
    if type(token) is not int or token not in (0, 2):
        raise Mismatch(f"sample(logits) returned {token}, expected the int 0 or 2")
