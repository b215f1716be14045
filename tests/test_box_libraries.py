"""No honest exercise needs a weaker box: what deep learning is written with works in it.

At the tightest limits of the course; the CPU seconds are the fewest of an exercise that may import
transformers. On one slow core whose other half was busy, each took at most:

    DataLoader, two workers      0.2 CPU s    240 MB    shared memory in /dev/shm
    torch.compile                2.9 CPU s    330 MB    torch._dynamo is imported
    transformers                 4.0 CPU s    340 MB    a small GPT-2 and a small BERT
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from conftest import as_ordinary_user

from grader import box, bubblewrap, catalogue
from grader.box import Box
from grader.model import Level, Limits
from grader.proxy import Submission

ROOT = Path(__file__).parent.parent
EXERCISES = catalogue.load(ROOT).exercises
LIMITS = [each.limits for each in EXERCISES]
TIGHTEST = Limits(
    cpu_s=min(each.limits.cpu_s for each in EXERCISES if "transformers" in each.rules.imports),
    memory_mb=min(each.memory_mb for each in LIMITS),
    processes=min(each.processes for each in LIMITS),
    tmp_mb=min(each.tmp_mb for each in LIMITS),
    wall_s=100,  # other tests run beside these
)
pytestmark = pytest.mark.skipif(bool(bubblewrap.refusal()), reason=bubblewrap.refusal())

LOADER = """
import torch
from torch.utils.data import DataLoader, TensorDataset

def batches():
    data = TensorDataset(torch.arange(64.0).reshape(32, 2), torch.arange(32))
    loader = DataLoader(data, batch_size=5, num_workers=2)
    return [y for epoch in range(2) for x, y in loader]
"""
COMPILED = """
import torch

def f(x):
    return torch.where(x > 0, x.sin() * 2, x)

def gradient(backend, x):
    x.requires_grad_()
    y = torch.compile(f, backend=backend)(x)
    y.sum().backward()
    return y, x.grad
"""
MODELS = """
import torch
from transformers import BertConfig, BertModel, GPT2Config, GPT2LMHeadModel

IDS = torch.arange(8)[None]

def gpt2():
    sizes = dict(n_positions=16, n_embd=16, n_layer=2, n_head=2)
    model = GPT2LMHeadModel(GPT2Config(vocab_size=50, bos_token_id=0, eos_token_id=0, **sizes))
    out = model(IDS, labels=IDS)
    out.loss.backward()
    return out.logits, all(p.grad is not None for p in model.parameters())

def bert():
    sizes = dict(hidden_size=16, intermediate_size=32, max_position_embeddings=16)
    heads = dict(num_hidden_layers=2, num_attention_heads=2)
    model = BertModel(BertConfig(vocab_size=50, **sizes, **heads))
    out = model(IDS)
    (out.last_hidden_state.sum() + out.pooler_output.sum()).backward()
    return out.last_hidden_state, all(p.grad is not None for p in model.parameters())
"""


@pytest.fixture(scope="module")
def strict():
    with Box(box.isolation(Level.STRICT), TIGHTEST) as warm:
        yield warm


def test_a_data_loader_with_two_workers(strict):
    with strict.run() as run:
        batches = Submission(run, "a.py", LOADER).batches()
    assert torch.equal(torch.cat(batches), torch.arange(32).repeat(2))
    assert [len(each) for each in batches] == [5, 5, 5, 5, 5, 5, 2] * 2


def test_torch_compile_forwards_and_backwards(strict):
    x = torch.linspace(-1, 1, 5)
    with strict.run() as run:
        submission = Submission(run, "a.py", COMPILED)
        answers = [submission.gradient(backend, x) for backend in ("eager", "aot_eager")]
    for y, grad in answers:
        torch.testing.assert_close(y, torch.where(x > 0, x.sin() * 2, x))
        torch.testing.assert_close(grad, torch.where(x > 0, x.cos() * 2, torch.ones(5)))


def test_small_models_of_transformers_forwards_and_backwards(strict):
    with strict.run() as run:
        submission = Submission(run, "a.py", MODELS)
        answers = [submission.gpt2(), submission.bert()]
    assert [out.shape for out, _ in answers] == [(1, 8, 50), (1, 8, 16)]
    assert all(out.isfinite().all() and reached for out, reached in answers)


@pytest.mark.skipif(os.geteuid() != 0, reason="this test run is an ordinary user's already")
def test_a_data_loader_in_the_box_of_an_ordinary_user():
    program = (
        "import os, torch\n"
        "from grader import box, model\nfrom grader.proxy import Submission\n"
        "assert os.geteuid() == 54321, os.geteuid()\n"
        f"limits = model.Limits.model_validate_json({TIGHTEST.model_dump_json()!r})\n"
        "level = box.isolation(model.Level.STRICT)\n"
        "with box.Box(level, limits) as warm, warm.run() as run:\n"
        f"    print(torch.cat(Submission(run, 'a.py', {LOADER!r}).batches()).sum().item())\n"
    )
    done = subprocess.run(
        as_ordinary_user([sys.executable, "-c", program]),
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "HOME": "/tmp"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(2 * sum(range(32)))
