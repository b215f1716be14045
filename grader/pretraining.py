"""The seeded scripts behind `pretrained`: `python -m grader.pretraining NAME FOLDER`.

Each writes what `from_pretrained` reads. One thread and fixed seeds, so the same machine makes the
same model again.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from grader import data
from grader.oracle.reviews import SEEN, UNSEEN, reviews

END = "<|endoftext|>"
WINDOW, BATCH, STEPS = 64, 16, 400
MOST_CHARACTERS = 600_000


def tiny_gpt2(folder: str) -> None:
    """2 layers, 4 heads, 64 wide, context 64; each line of the text is a document of its own."""
    from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

    text = data.shakespeare().text[:MOST_CHARACTERS]
    documents = [each.strip() for each in text.splitlines() if each.strip()]
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=_byte_level_bpe(documents),
        bos_token=END,
        eos_token=END,
        unk_token=END,
        model_max_length=WINDOW,
        model_input_names=["input_ids", "attention_mask"],
    )
    ids = torch.tensor(tokenizer(END.join(["", *documents, ""]))["input_ids"])
    torch.manual_seed(0)
    end = tokenizer.eos_token_id
    config = GPT2Config(
        vocab_size=len(tokenizer),
        n_positions=WINDOW,
        n_embd=64,
        n_layer=2,
        n_head=4,
        bos_token_id=end,
        eos_token_id=end,
        initializer_range=0.1,  # for so few steps at this width, 0.02 starts too near to zero
    )
    model = GPT2LMHeadModel(config)

    def batches() -> Iterator[dict[str, Tensor]]:
        for _ in range(STEPS):
            starts = torch.randint(len(ids) - WINDOW, (BATCH, 1))
            x = ids[starts + torch.arange(WINDOW)]
            yield {"input_ids": x, "labels": x}

    _train(model, batches(), STEPS, lr=5e-3)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _byte_level_bpe(documents: list[str]) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=512,
        special_tokens=[END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(documents, trainer)
    return tokenizer


def _train(model: Any, batches: Iterator[dict[str, Tensor]], steps: int, lr: float) -> None:
    """AdamW with one rise and fall of the learning rate; the model ends in eval mode."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, total_steps=steps)
    model.train()
    for batch in batches:
        loss = model(**batch).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    model.eval()


MOODS = ("sad angry cross".split(), "happy glad cheerful".split())
SPECIAL = "[PAD] [UNK] [CLS] [SEP] [MASK]".split()
LONGEST, SENTENCES, BERT_BATCH, BERT_STEPS = 32, 20_000, 64, 4800


def tiny_bert(folder: str) -> None:
    """2 layers, 4 heads, 64 wide; learns to fill in hidden words, and sees no label.

    Its sentences say what somebody felt about a thing, and how he was then: "the meal was not bad
    so i am glad". The last word hangs on all the others, so it is hidden most of the time. Measured
    on eight draws, a fine-tuned one reads 100 % right; after a third of the steps, 79 to 94 %.
    """
    from transformers import BertConfig, BertForMaskedLM, BertTokenizer

    texts = _sentences()
    tokenizer = BertTokenizer(vocab=_word_pieces(texts), model_max_length=LONGEST)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=256,
        max_position_embeddings=LONGEST,
        initializer_range=0.125,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    model = BertForMaskedLM(config)
    encoded = tokenizer(texts, padding=True, return_tensors="pt")
    ids, attended = encoded["input_ids"], encoded["attention_mask"]
    moods = torch.tensor(tokenizer.convert_tokens_to_ids([each for side in MOODS for each in side]))

    def batches() -> Iterator[dict[str, Tensor]]:
        for _ in range(BERT_STEPS):
            rows = torch.randint(len(ids), (BERT_BATCH,))
            x, mask = ids[rows], attended[rows]
            share = torch.where(torch.isin(x, moods), 0.9, 0.15)
            hidden = (torch.rand(x.shape) < share) & (x >= len(SPECIAL))
            yield {
                "input_ids": x.masked_fill(hidden, tokenizer.mask_token_id),
                "attention_mask": mask,
                "labels": x.masked_fill(~hidden, -100),
            }

    _train(model, batches(), BERT_STEPS, lr=3e-3)
    # As large BERTs come: with the dropout that fine-tuning uses.
    config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.1
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _sentences() -> list[str]:
    rng = random.Random(0)
    drawn = reviews(0, SENTENCES, frames=SEEN + UNSEEN, negated=0.4)
    return [
        f"{text} so {rng.choice(('i am', 'we were'))} {rng.choice(MOODS[label])}"
        for text, label in zip(*drawn, strict=True)
    ]


def _word_pieces(texts: list[str]) -> dict[str, int]:
    """Every word, and letters for all others; a trained vocabulary would break ties at random."""
    words = {word for text in texts for word in text.split()}
    letters = sorted({letter for word in words for letter in word})
    pieces = [*letters, *(f"##{each}" for each in letters), *sorted(words - {*letters})]
    return {piece: number for number, piece in enumerate([*SPECIAL, *pieces])}


SCRIPTS = {"tiny_gpt2": tiny_gpt2, "tiny_bert": tiny_bert}


def main() -> None:
    """Run one script."""
    name, folder = sys.argv[1:]
    torch.set_num_threads(1)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    SCRIPTS[name](folder)


if __name__ == "__main__":
    main()
