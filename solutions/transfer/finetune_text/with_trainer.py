"""The library's own loop in place of one's own; it needs `accelerate`."""

import torch
from torch.optim.lr_scheduler import LambdaLR
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    Trainer,
    TrainingArguments,
)


def build(folder, n_labels):
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = AutoModelForSequenceClassification.from_pretrained(
        folder, num_labels=n_labels, local_files_only=True
    )
    return tokenizer, model


def group_of(name):
    parts = name.split(".")
    return parts[1] if parts[:2] in (["bert", "embeddings"], ["bert", "encoder"]) else "head"


def encode(tokenizer, texts):
    return tokenizer(texts, padding=True, truncation=True, return_tensors="pt")


def finetune(folder, texts, labels, out, epochs, lrs, seed):
    torch.manual_seed(seed)  # the head is drawn before the Trainer sets its own seed
    tokenizer, model = build(folder, max(labels) + 1)
    groups = {group: {"params": [], "lr": lr} for group, lr in lrs.items()}
    for name, parameter in model.named_parameters():
        groups[group_of(name)]["params"].append(parameter)
    optimizer = torch.optim.AdamW(groups.values())

    def collate(rows):
        inputs = encode(tokenizer, [text for text, _ in rows])
        return {**inputs, "labels": torch.tensor([label for _, label in rows])}

    trainer = Trainer(
        model=model,
        args=TrainingArguments(
            output_dir=out,
            num_train_epochs=epochs,
            per_device_train_batch_size=16,
            max_grad_norm=0,  # it clips unless told not to
            logging_steps=1,
            save_strategy="no",
            report_to=[],
            remove_unused_columns=False,
            disable_tqdm=True,
            seed=seed,
            use_cpu=True,
        ),
        train_dataset=list(zip(texts, labels, strict=True)),
        data_collator=collate,
        optimizers=(optimizer, LambdaLR(optimizer, lambda step: 1.0)),
    )
    trainer.train()
    yield from (row["loss"] for row in trainer.state.log_history if "loss" in row)
    trainer.save_model(out)
    tokenizer.save_pretrained(out)


@torch.no_grad()
def predict(folder, texts):
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = AutoModelForSequenceClassification.from_pretrained(folder, local_files_only=True)
    model.eval()
    return model(**encode(tokenizer, texts)).logits.softmax(1)
