import torch

from grader.oracle import assert_close, assert_equal

EYE, NONE = torch.eye(2), torch.zeros(2)
NORM = {"weight": torch.ones(2), "bias": NONE}
X = torch.tensor([[[3.0, 1.0]]])


def named(**parts):
    """{"ln_1.weight": ...} from ln_1=..., with dots for double underscores."""
    return {
        f"{name.replace('__', '.')}.{kind}": each
        for name, part in parts.items()
        for kind, each in part.items()
    }


def linear(weight):
    return {"weight": weight, "bias": torch.zeros(2)}


def check_pre_norm_by_hand(submission):
    """The worked example: x = [3, 1] becomes [4, 0] in a pre-norm block."""
    fused = {"weight": torch.cat([0 * EYE, 0 * EYE, EYE], 1), "bias": torch.zeros(6)}
    zero = linear(0 * EYE)
    state = named(ln_1=NORM, ln_2=NORM, attn__c_attn=fused, attn__c_proj=linear(EYE))
    state |= named(mlp__c_fc=zero, mlp__c_proj=zero)
    block = submission.Block(2, 1, 2).eval()
    submission.load_gpt2_block(block, state)
    assert_close(block(X), torch.tensor([[[4.0, 0.0]]]), "block(x)", atol=1e-4)


def check_post_norm_by_hand(submission):
    """The worked example: x = [3, 1] becomes [1, -1] in a post-norm block."""
    zero, eye = linear(0 * EYE), linear(EYE)
    state = named(attention__self__query=zero, attention__self__key=zero)
    state |= named(attention__self__value=eye, attention__output__dense=eye)
    state |= named(attention__output__LayerNorm=NORM, output__LayerNorm=NORM)
    state |= named(intermediate__dense=zero, output__dense=zero)
    block = submission.PostBlock(2, 1, 2).eval()
    submission.load_bert_layer(block, state)
    assert_close(block(X), torch.tensor([[[1.0, -1.0]]]), "block(x)", atol=1e-4)


def check_nothing_is_random_after_eval(submission):
    """After eval() a block gives the same numbers again."""
    x = torch.randn(2, 5, 12, generator=torch.Generator().manual_seed(0))
    for make in (submission.Block, submission.PostBlock):
        block = make(12, 3, 20).eval()
        assert_equal(block(x), block(x), "block(x), asked again")
