import torch

from grader.oracle import assert_tensor

CFG = {"vocab_size": 7, "block_size": 5, "d_model": 4, "n_heads": 2, "n_layers": 1, "tied": True}
SHAPES = {"tok": (7, 4), "pos": (5, 4), "ln": (4,), "blocks.0.ln1": (4,), "blocks.0.ln2": (4,)}
SHAPES |= {"blocks.0.att.qkv": (12, 4), "blocks.0.att.out": (4, 4)}
SHAPES |= {"blocks.0.mlp.0": (16, 4), "blocks.0.mlp.2": (4, 16)}
STATE = {f"{name}.weight": torch.ones(shape) for name, shape in SHAPES.items()}
STATE |= {f"{n}.bias": torch.zeros(s[0]) for n, s in SHAPES.items() if n not in ("tok", "pos")}


def check_shapes_of_three_weights(submission):
    """The shapes of three weights in the library's layout, for d = 4."""
    found = submission.to_hf_state(STATE, CFG)
    for name, shape in (("attn.c_attn", (4, 12)), ("mlp.c_fc", (4, 16)), ("mlp.c_proj", (16, 4))):
        name = f"transformer.h.0.{name}.weight"
        assert name in found, f"{name} is missing"
        assert_tensor(found[name], name, shape=shape)


def check_queries_of_bert(submission):
    """The first rows of qkv make the queries of BertLayer."""
    block = {n.removeprefix("blocks.0."): v for n, v in STATE.items() if n.startswith("blocks")}
    block["att.qkv.weight"] = torch.arange(48.0).view(12, 4)
    query = submission.to_bert_layer(block)["attention.self.query.weight"]
    assert_tensor(query, "query.weight", shape=(4, 4))
    assert query[1, 0] == 4, f"query.weight[1, 0] is {query[1, 0]}, expected 4"
