DIFFERENCES = {
    "activation_function": "gelu_new",
    "layer_norm_epsilon": 1e-5,
    "resid_pdrop": 0.1,
    "tie_word_embeddings": True,
    "lm_head_bias": False,
    "conv1d_weight": "in, out",
    "use_cache": True,
}
# own name -> name in the library, and whether the weight stands the other way round there
WHOLE = {"tok": "wte", "pos": "wpe", "ln": "ln_f"}
BLOCK = {
    "ln1": ("ln_1", False),
    "att.qkv": ("attn.c_attn", True),
    "att.out": ("attn.c_proj", True),
    "ln2": ("ln_2", False),
    "mlp.0": ("mlp.c_fc", True),
    "mlp.2": ("mlp.c_proj", True),
}


def pairs(cfg):
    """(own name, name in the library, transposed) of every parameter but the head."""
    for own, theirs in WHOLE.items():
        for kind in ("weight", "bias") if own == "ln" else ("weight",):
            yield f"{own}.{kind}", f"transformer.{theirs}.{kind}", False
    for i in range(cfg["n_layers"]):
        for own, (theirs, flip) in BLOCK.items():
            place = f"blocks.{i}.{own}", f"transformer.h.{i}.{theirs}"
            yield f"{place[0]}.weight", f"{place[1]}.weight", flip
            yield f"{place[0]}.bias", f"{place[1]}.bias", False


def flipped(weight, flip):
    return weight.T.clone() if flip else weight.clone()


def to_hf_state(state, cfg):
    found = {theirs: flipped(state[own], flip) for own, theirs, flip in pairs(cfg)}
    head = state["tok.weight"] if cfg["tied"] else state["head.weight"]
    return found | {"lm_head.weight": head.clone()}


def from_hf_state(state, cfg):
    found = {own: flipped(state[theirs], flip) for own, theirs, flip in pairs(cfg)}
    return found if cfg["tied"] else found | {"head.weight": state["lm_head.weight"].clone()}


BERT = {
    "att.out": "attention.output.dense",
    "ln1": "attention.output.LayerNorm",
    "mlp.0": "intermediate.dense",
    "mlp.2": "output.dense",
    "ln2": "output.LayerNorm",
}


def to_bert_layer(state):
    found = {}
    for kind in ("weight", "bias"):
        parts = state[f"att.qkv.{kind}"].chunk(3)
        for name, part in zip(("query", "key", "value"), parts, strict=True):
            found[f"attention.self.{name}.{kind}"] = part.clone()
        for own, theirs in BERT.items():
            found[f"{theirs}.{kind}"] = state[f"{own}.{kind}"].clone()
    return found
