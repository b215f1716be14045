"""Each prompt alone, lists for tuples, and a loop that keeps keys and values."""

import torch
from transformers import AutoTokenizer, GPT2LMHeadModel


def load(folder):
    end = "<|endoftext|>"
    tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left", pad_token=end)
    return tokenizer, GPT2LMHeadModel.from_pretrained(folder, attn_implementation="eager").eval()


def encode_batch(tokenizer, texts, max_len):
    rows = [tokenizer.encode(t)[:max_len] for t in texts]
    T = max(map(len, rows))
    ids = torch.full((len(rows), T), tokenizer.pad_token_id)
    mask = torch.zeros((len(rows), T), dtype=torch.long)
    for i, r in enumerate(rows):
        if r:
            ids[i, T - len(r) :] = torch.tensor(r)
            mask[i, T - len(r) :] = 1
    return {"attention_mask": mask, "input_ids": ids}


def complete(tokenizer, model, prompts, n):
    out = []
    for p in prompts:
        ids = tokenizer(p, return_tensors="pt").input_ids[0]
        new = []
        for _ in range(n):
            with torch.inference_mode():
                so_far = torch.cat([ids, torch.tensor(new, dtype=torch.long)])
                nxt = model(so_far[None]).logits[0, -1].argmax().item()
            if nxt == tokenizer.eos_token_id:
                break
            new.append(nxt)
        out.append(tokenizer.decode(new))
    return out


def next_token_table(model, ids, k):
    with torch.no_grad():
        logits = model(ids.view(1, -1)).logits[0][-1]
    p = torch.nn.functional.softmax(logits, dim=0)
    order = torch.argsort(p, descending=True)[:k]
    return [[int(i), float(p[i])] for i in order]


def attention_of(model, ids, layer, head):
    return model(ids[None], output_attentions=True).attentions[layer][0][head].detach()


def generate_manual(model, ids, n):
    out = ids.clone()
    past = None
    cur = ids[None]
    with torch.no_grad():
        for _ in range(n):
            o = model(cur, past_key_values=past, use_cache=True)
            past = o.past_key_values
            cur = o.logits[:, -1:].argmax(-1)
            out = torch.cat([out, cur[0]])
    return out
