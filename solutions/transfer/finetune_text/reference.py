import torch
from torch import nn
from transformers import AutoModelForSequenceClassification, AutoTokenizer

BATCH = 16


def build(folder, n_labels):
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = AutoModelForSequenceClassification.from_pretrained(
        folder, num_labels=n_labels, local_files_only=True
    )
    return tokenizer, model


def group_of(name):
    for group in ("embeddings", "encoder"):
        if name.startswith(f"bert.{group}."):
            return group
    return "head"


def encode(tokenizer, texts):
    return tokenizer(texts, padding=True, truncation=True, return_tensors="pt")


def finetune(folder, texts, labels, out, epochs, lrs, seed):
    torch.manual_seed(seed)
    tokenizer, model = build(folder, max(labels) + 1)
    groups = {group: {"params": [], "lr": lr} for group, lr in lrs.items()}
    for name, parameter in model.named_parameters():
        groups[group_of(name)]["params"].append(parameter)
    optimizer = torch.optim.AdamW(groups.values())
    labels = torch.tensor(labels)
    model.train()
    for _ in range(epochs):
        for rows in torch.randperm(len(texts)).split(BATCH):
            inputs = encode(tokenizer, [texts[i] for i in rows])
            loss = nn.functional.cross_entropy(model(**inputs).logits, labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            yield loss.item()
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)


@torch.no_grad()
def predict(folder, texts):
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = AutoModelForSequenceClassification.from_pretrained(folder, local_files_only=True)
    model.eval()
    batches = [texts[i : i + BATCH] for i in range(0, len(texts), BATCH)]
    return torch.cat([model(**encode(tokenizer, batch)).logits.softmax(1) for batch in batches])
