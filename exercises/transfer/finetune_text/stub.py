"""Fine-tune a pretrained BERT, so that it tells good reviews from bad ones.

The folder that you are given holds a BERT and its tokenizer: all-MiniLM-L6-v2 where that is
installed, else a tiny BERT that was pretrained on the grader's machine (the report says which). The
grader owns the texts: it gives you 400 with their labels, and keeps others.

Conventions, for the whole file:
- Folders are texts; yours (`out`) are relative and may be written to, the pretrained one may not.
- Batches have at most 16 texts, padded to the longest in the batch; a text that is longer than the
  model can read is cut (`truncation=True`).
- There is no network. `pipeline` is not available, which would do everything out of sight.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from transformers import AutoModelForSequenceClassification, AutoTokenizer


def build(folder: str, n_labels: int) -> tuple[Any, Any]:
    """The tokenizer of a folder, and its BERT with a head for `n_labels` classes.

    Where the folder has no such head yet, the head is new; all else has the weights that are there.
    """
    raise NotImplementedError("build: your code goes here")


def group_of(name: str) -> str:
    """Which rate a parameter has, by its name in the model of `build`.

    "embeddings" for all below "bert.embeddings", "encoder" for all below "bert.encoder", and "head"
    for everything else, the pooler included.
    """
    raise NotImplementedError("group_of: your code goes here")


def finetune(
    folder: str,
    texts: list[str],
    labels: list[int],
    out: str,
    epochs: int,
    lrs: dict[str, float],
    seed: int,
) -> Iterator[float]:
    """Train the BERT of `folder` on the texts, and save it with its tokenizer in `out`.

    A generator that yields the loss of each step as a float. Each epoch goes once through all texts
    in a new random order, 16 at a time (the last batch may be smaller), with one optimiser step for
    each batch.
    Args:
        labels  0 to the number of classes - 1
        lrs     the rates of "embeddings", "encoder" and "head"; all parameters learn
        seed    for torch.manual_seed, first of all: the same seed gives the same losses
    The loss is the cross-entropy of the logits, the optimiser AdamW, and nothing changes the rates.
    What you save after the last step is what counts.
    """
    raise NotImplementedError("finetune: your code goes here")


def predict(folder: str, texts: list[str]) -> Tensor:
    """Probabilities (N, n_labels) float32 of the classes, from a folder that `finetune` saved.

    Everything that it needs is read from the folder: the answer is that of the saved network, in
    evaluation mode. What it says of a text does not depend on its neighbours, and is the same when
    asked again. The grader loads the weights that `build` finds in the folder, and compares.
    """
    raise NotImplementedError("predict: your code goes here")
