import torch
from transformers import AutoModelForCausalLM, AutoTokenizer


def load(folder):
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, padding_side="left")
    tokenizer.pad_token = tokenizer.eos_token
    # Only the eager attention ever holds the weights that it could give.
    model = AutoModelForCausalLM.from_pretrained(
        folder, local_files_only=True, attn_implementation="eager"
    )
    return tokenizer, model.eval()


def encode_batch(tokenizer, texts, max_len):
    batch = tokenizer(texts, padding=True, truncation=True, max_length=max_len, return_tensors="pt")
    return {"input_ids": batch["input_ids"], "attention_mask": batch["attention_mask"]}


def complete(tokenizer, model, prompts, n):
    batch = tokenizer(prompts, padding=True, return_tensors="pt")
    ids = model.generate(
        input_ids=batch["input_ids"],
        attention_mask=batch["attention_mask"],
        max_new_tokens=n,
        do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
    )
    new = ids[:, batch["input_ids"].shape[1] :]
    return tokenizer.batch_decode(new, skip_special_tokens=True)


@torch.no_grad()
def next_token_table(model, ids, k):
    probabilities = model(input_ids=ids[None]).logits[0, -1].softmax(0)
    best = probabilities.topk(k)
    return list(zip(best.indices.tolist(), best.values.tolist(), strict=True))


@torch.no_grad()
def attention_of(model, ids, layer, head):
    return model(input_ids=ids[None], output_attentions=True).attentions[layer][0, head]


@torch.no_grad()
def generate_manual(model, ids, n):
    for _ in range(n):
        following = model(input_ids=ids[None]).logits[0, -1].argmax()
        ids = torch.cat([ids, following[None]])
    return ids
