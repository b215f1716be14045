import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from grader import pretrained
from grader.oracle import Mismatch, assert_close, assert_equal, assert_tensor, weight
from grader.oracle.values import describe

FOLDER = pretrained.tiny_gpt2().folder
TOKENIZER = AutoTokenizer.from_pretrained(FOLDER, local_files_only=True)
MODEL = AutoModelForCausalLM.from_pretrained(
    FOLDER, local_files_only=True, attn_implementation="eager"
).eval()
END, VOCABULARY = TOKENIZER.eos_token_id, len(TOKENIZER)
LAYERS, HEADS = 2, 4
CANDIDATES = (
    *("What", "I", "To be, or", "My lord,", "the king of England", "Good night, good night"),
    *("I am a man that", "Where is", "and the", "O, that this too", "which of you shall we say"),
    *("the return value of the function", "if the", "This is", "a class", "love", "We are two"),
)


def ids_of(text):
    return torch.tensor(TOKENIZER(text)["input_ids"])


@torch.no_grad()
def logits_of(ids):
    return MODEL(input_ids=ids[None]).logits[0, -1]


def greedy(ids, n):
    """The n next ids, and the smallest distance of a best logit from the second."""
    new, margin = [], float("inf")
    for _ in range(n):
        best = logits_of(torch.cat([ids, torch.tensor(new, dtype=torch.int64)])).topk(2)
        margin = min(margin, float(best.values[0] - best.values[1]))
        new.append(int(best.indices[0]))
    return new, margin


def clear(prompts, n):
    """Prompts whose next n tokens do not hang on a rounding error."""
    return [prompt for prompt in prompts if greedy(ids_of(prompt), n)[1] > 1e-3]


def continuation(prompt, n):
    """What `complete` should say."""
    new, _ = greedy(ids_of(prompt), n)
    return TOKENIZER.decode(new[: new.index(END)] if END in new else new)


def assert_texts(got, expected, what):
    if not isinstance(got, list) or not all(isinstance(each, str) for each in got):
        raise Mismatch(f"{what}: got {describe(got)}, expected a list of {len(expected)} texts")
    if len(got) != len(expected):
        raise Mismatch(f"{what}: got {len(got)} texts, expected {len(expected)}")
    for i, (a, b) in enumerate(zip(got, expected, strict=True)):
        if a != b:
            raise Mismatch(f"{what}: text {i} is {a!r}, expected {b!r}")


def check_loads_ready_to_use(submission, models):
    """The model comes in evaluation mode, and the tokenizer has its end token as pad token."""
    tokenizer, model = submission.load(models["tiny_gpt2"])
    if model.training is not False:
        raise Mismatch("the model is in training mode", next_step="call model.eval()")
    if tokenizer.pad_token_id != END:
        got = tokenizer.pad_token_id
        raise Mismatch(f"the pad token has the id {got}, expected that of the end token, {END}")


@weight(2)
def check_encodes_a_batch(submission, models):
    """Texts of different lengths become one rectangle, padded on the left, with its mask."""
    tokenizer, _ = submission.load(models["tiny_gpt2"])
    for texts in (["I", "Good night, good night", "My lord,"], ["What"], ["", "and the"]):
        rows = [ids_of(text).long() for text in texts]
        compare_batch(submission.encode_batch(tokenizer, texts, 32), rows, texts, 32)


def check_cuts_long_texts(submission, models):
    """A text that is longer than `max_len` keeps its first tokens."""
    tokenizer, _ = submission.load(models["tiny_gpt2"])
    texts = ["which of you shall we say doth love us most " * 3, "I", "Good night, good night"]
    for most in (20, 7, 3, 1):
        rows = [ids_of(text)[:most] for text in texts]
        compare_batch(submission.encode_batch(tokenizer, texts, most), rows, texts, most)


def compare_batch(got, rows, texts, most):
    what = f"encode_batch of {len(texts)} texts, max_len {most}"
    if not isinstance(got, dict) or sorted(got) != ["attention_mask", "input_ids"]:
        held = f"a dict of {sorted(got)}" if isinstance(got, dict) else describe(got)
        raise Mismatch(f"{what}: got {held}, expected a dict of attention_mask and input_ids")
    longest = max(map(len, rows))
    ids = torch.full((len(rows), longest), END)
    mask = torch.zeros(len(rows), longest, dtype=torch.int64)
    for i, row in enumerate(rows):
        ids[i, longest - len(row) :], mask[i, longest - len(row) :] = row, 1
    assert_equal(got["attention_mask"], mask, f"{what}: attention_mask")
    assert_equal(got["input_ids"], ids, f"{what}: input_ids")


@weight(2)
def check_completes_a_prompt(submission, models):
    """A single prompt is continued greedily, and the same again when asked again."""
    tokenizer, model = submission.load(models["tiny_gpt2"])
    for prompt in clear(CANDIDATES[:6], 12):
        expected = [continuation(prompt, 12)]
        for _ in range(2):
            assert_texts(submission.complete(tokenizer, model, [prompt], 12), expected, prompt)


def check_counts_new_tokens(submission, models):
    """`n` counts the new tokens, whatever the length of the prompt."""
    tokenizer, model = submission.load(models["tiny_gpt2"])
    for prompt in clear(["which of you shall we say doth love us most, that we", "What"], 9):
        for n in (1, 4, 9):
            what = f"complete, n {n}, a prompt of {len(ids_of(prompt))} tokens"
            got = submission.complete(tokenizer, model, [prompt], n)
            assert_texts(got, [continuation(prompt, n)], what)


@weight(3)
def check_a_batch_is_completed_as_each_alone(submission, models):
    """In a batch each continuation is what it would be alone, though lengths and ends differ."""
    tokenizer, model = submission.load(models["tiny_gpt2"])
    prompts = clear(CANDIDATES, 24)
    for batch in (prompts, prompts[::-1][:3], prompts[::3]):
        expected = [continuation(prompt, 24) for prompt in batch]
        got = submission.complete(tokenizer, model, batch, 24)
        assert_texts(got, expected, f"complete, a batch of {len(batch)}")


@weight(2)
def check_table_of_next_tokens(submission, models):
    """The k most probable tokens with their probabilities among all, in order."""
    _, model = submission.load(models["tiny_gpt2"])
    for text, k in (("To be, or", 5), ("What", 1), ("the king of England", VOCABULARY)):
        ids, what = ids_of(text), f"next_token_table, k {k}"
        expected = logits_of(ids).softmax(0).topk(k)
        rows = submission.next_token_table(model, ids, k)
        if not isinstance(rows, list) or len(rows) != k:
            raise Mismatch(f"{what}: got {describe(rows)}, expected a list of {k} rows")
        if not all(
            isinstance(row, tuple | list) and [*map(type, row)] == [int, float] for row in rows
        ):
            raise Mismatch(f"{what}: a row is no pair of an int and a float")
        got = torch.tensor([p for _, p in rows])
        assert_close(got, expected.values, f"{what}: probabilities", rtol=1e-4, atol=1e-6)
        if k <= 5 and [i for i, _ in rows] != expected.indices.tolist():
            raise Mismatch(f"{what}: ids {[i for i, _ in rows]}, not {expected.indices.tolist()}")
        if len({i for i, _ in rows}) < k:
            raise Mismatch(f"{what}: an id stands there twice")


@weight(2)
def check_attention_of_a_head(submission, models):
    """The weights of the head and layer asked for; each row sums to 1 and reads no later token."""
    _, model = submission.load(models["tiny_gpt2"])
    for text in ("Good night, good night", "I am a man that"):
        ids = ids_of(text)
        with torch.no_grad():
            known = MODEL(input_ids=ids[None], output_attentions=True).attentions
        for layer in range(LAYERS):
            for head in range(HEADS):
                what = f"attention_of layer {layer}, head {head}"
                got = submission.attention_of(model, ids, layer, head)
                assert_close(got, known[layer][0, head], what, rtol=1e-4, atol=1e-6)
                assert_close(got.sum(1), torch.ones(len(ids)), f"{what}: sums of rows")
                assert_equal(got.triu(1), torch.zeros(len(ids), len(ids)), f"{what}: later tokens")


@weight(2)
def check_own_greedy_loop(submission, models):
    """Your loop picks the same tokens, exactly n of them, also after an end token."""
    _, model = submission.load(models["tiny_gpt2"])
    for prompt in clear(CANDIDATES[:8], 20):
        ids = ids_of(prompt)
        for n in (0, 1, 20):
            expected = torch.cat([ids, torch.tensor(greedy(ids, n)[0], dtype=torch.int64)])
            got, kept, _ = submission.generate_manual.keeping(model, ids.clone(), n)
            what = f"generate_manual, {len(ids)} ids, n {n}"
            assert_tensor(got, what, shape=(len(ids) + n,), dtype=torch.int64)
            assert_equal(got, expected, what)
            assert_equal(kept[1], ids, f"{what}: its argument ids afterwards")
