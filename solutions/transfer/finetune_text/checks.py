"""One process fine-tunes, saves, and answers about what it saved; the checks judge the answers."""

import math
from types import SimpleNamespace

import pytest
import torch
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from grader import pretrained
from grader.oracle import (
    Mismatch,
    assert_accuracy,
    assert_close,
    assert_equal,
    assert_tensor,
    merit,
    unpack,
    weight,
)
from grader.oracle.reviews import UNSEEN, reviews
from grader.oracle.values import describe

MODEL = pretrained.bert()
BATCH, TEXTS, HELD_OUT = 16, 400, 300
EPOCHS = 4 if MODEL.is_fallback else 2
RATES = (
    {"embeddings": 2e-4, "encoder": 5e-4, "head": 2e-3}
    if MODEL.is_fallback
    else {"embeddings": 2e-5, "encoder": 5e-5, "head": 1e-3}
)
ABOVE_MAJORITY, ABOVE_WORDS, MERIT = 0.30, 0.15, 0.90
KNOWN, NEW = slice(6), slice(6, None)
"""Adjectives of the training texts, and others."""
LONG = "the meal was really not bad and " * 150
ODD = ["good", "the room was never nasty", LONG, "everybody called the lamp truly great"]


def drawn(seed):
    """Training texts, held-out texts in other sentences, and some with adjectives never seen."""
    seed %= 2**30
    return SimpleNamespace(
        train=reviews(seed, TEXTS, words=KNOWN),
        test=reviews(seed + 1, HELD_OUT, frames=UNSEEN, words=KNOWN),
        new=reviews(seed + 2, HELD_OUT, frames=UNSEEN, words=NEW),
    )


@pytest.fixture(scope="module")
def tuned(fresh, seed, models, record):
    """What came out of the box; `error` is what went wrong there."""
    data, folder = drawn(seed), models["bert"]
    steps = EPOCHS * math.ceil(TEXTS / BATCH)
    found = SimpleNamespace(data=data, losses=[], error=None)
    try:
        with fresh() as submission:
            losses = submission.finetune(folder, *data.train, "tuned", EPOCHS, RATES, 0)
            for step, loss in enumerate(iter(losses), 1):
                if type(loss) is not float:
                    raise Mismatch(f"finetune yielded {describe(loss)}, expected a float")
                found.losses.append(loss)
                record.step(step, steps, loss)
            found.test = submission.predict("tuned", data.test.texts)
            found.alone = [submission.predict("tuned", [text]) for text in data.test.texts[:12]]
            found.new = submission.predict("tuned", data.new.texts)
            found.odd = submission.predict("tuned", ODD)
            # Another training, on labels turned round, must leave the first folder alone.
            few = data.train.texts[:48], [1 - label for label in data.train.labels[:48]]
            for _ in submission.finetune(folder, *few, "other", 1, RATES, 0):
                pass
            found.again = submission.predict("tuned", data.test.texts[:32])
            found.other = submission.predict("other", data.test.texts[:32])
            _, model = unpack(submission.build("tuned", 2), 2, "build")
            found.state = model.state_dict()
    except Exception as error:
        found.error = error
    return found


def outcome(tuned):
    """Raises: what went wrong while the submission ran."""
    if tuned.error:
        raise tuned.error
    return tuned


def probabilities(got, n, what):
    """(n, 2) float32 whose rows sum to 1. Raises: Mismatch."""
    got = assert_tensor(got, what, shape=(n, 2), dtype=torch.float32)
    assert_close(got.sum(1), torch.ones(n), f"{what}: sums of the rows", atol=1e-5)
    return got


def right(got, labels, what):
    got = probabilities(got, len(labels), what)
    return float((got.argmax(1) == torch.tensor(labels)).double().mean())


def by_words(train, test):
    """The accuracy of a logistic regression on counts of words."""
    counts = CountVectorizer().fit(train.texts)
    model = LogisticRegression().fit(counts.transform(train.texts), train.labels)
    return float(model.score(counts.transform(test.texts), test.labels))


def check_builds_on_the_pretrained_weights(submission, models):
    """`build` loads the pretrained encoder, and a new head for `n_labels` classes."""
    known = AutoModelForSequenceClassification.from_pretrained(MODEL.folder, local_files_only=True)
    name = "bert.encoder.layer.1.attention.self.query.weight"
    for n_labels in (2, 5):
        tokenizer, model = submission.build(models["bert"], n_labels)
        weights = model.get_parameter(name)
        assert_equal(weights, known.get_parameter(name).detach(), name)
        shape = (n_labels, known.config.hidden_size)
        assert_tensor(model.get_parameter("classifier.weight"), "classifier.weight", shape=shape)
    ids = AutoTokenizer.from_pretrained(MODEL.folder, local_files_only=True)(ODD[1])["input_ids"]
    if list(tokenizer.encode(ODD[1])) != ids:
        raise Mismatch("the tokenizer is not the one in the folder")


def check_groups_of_parameters(submission):
    """Each parameter belongs to the embeddings, to the encoder, or else to the head."""
    model = AutoModelForSequenceClassification.from_pretrained(MODEL.folder, local_files_only=True)
    for name, _ in model.named_parameters():
        part = name.split(".")[1] if name.startswith("bert.") else "head"
        expected = part if part in ("embeddings", "encoder") else "head"
        if (got := submission.group_of(name)) != expected:
            raise Mismatch(f"group_of({name!r}): got {got!r}, expected {expected!r}")


@weight(2)
@pytest.mark.parametrize("group", ["embeddings", "encoder", "head"])
def check_each_group_has_its_rate(submission, models, group):
    """With a rate of 0 for all others, only the parameters of the {group} move."""
    names = {
        "embeddings": "bert.embeddings.position_embeddings.weight",
        "encoder": "bert.encoder.layer.0.output.dense.weight",
        "head": "classifier.bias",
    }
    few = drawn(0).train
    rates = {each: 1e-2 * (each == group) for each in RATES}
    # Its seed, 0, is that of another start, so that the head is the same one.
    for out, each in (("still", dict.fromkeys(RATES, 0.0)), ("moved", rates)):
        for _ in submission.finetune(
            models["bert"], few.texts[:16], few.labels[:16], out, 1, each, 0
        ):
            pass
    _, still = submission.build("still", 2)
    _, moved = submission.build("moved", 2)
    for each, name in names.items():
        change = (moved.get_parameter(name) - still.get_parameter(name)).abs().max()
        if bool(change > 0) != (each == group):
            said = "moved" if change > 0 else "did not move"
            raise Mismatch(f"a rate for the {group} alone: {name} {said}")


@weight(2)
def check_takes_every_step(submission, tuned, record):
    """One loss for each batch of at most 16 texts in each epoch, and the losses fall."""
    if not tuned.losses:
        outcome(tuned)
    points = tuple(enumerate(tuned.losses, 1))
    record.curve(
        title=f"Fine-tuning {MODEL.name}",
        x_label="step",
        y_label="loss reported by your code",
        series={"loss": points},
        levels={"guessing": math.log(2)},
    )
    steps = EPOCHS * math.ceil(TEXTS / BATCH)
    if len(tuned.losses) != steps:
        raise Mismatch(f"finetune yielded {len(tuned.losses)} losses, expected {steps}")
    outcome(tuned)


@weight(4)
def check_reads_other_sentences(submission, tuned, record):
    """On sentences of other kinds it beats the majority by 30 points, word counts by 15."""
    data = outcome(tuned).data
    value = right(tuned.test, data.test.labels, "predict")
    share = sum(data.test.labels) / HELD_OUT
    bar = max(max(share, 1 - share) + ABOVE_MAJORITY, by_words(data.train, data.test) + ABOVE_WORDS)
    record.measure("majority of the labels", max(share, 1 - share))
    record.measure("logistic regression on word counts", by_words(data.train, data.test))
    record.measure(f"accuracy of the fine-tuned {MODEL.name}", value, bar=bar)
    assert_accuracy(value, bar, "held-out texts")


@weight(2)
def check_neighbours_do_not_matter(submission, tuned):
    """A text has the same probabilities alone and among longer ones, for padding is masked."""
    together = probabilities(outcome(tuned).test, HELD_OUT, "predict")
    for i, alone in enumerate(tuned.alone):
        alone = probabilities(alone, 1, "predict of one text")
        assert_close(alone, together[i : i + 1], f"text {i} alone", rtol=0, atol=1e-5)


@weight(8)
def check_answers_by_its_network(submission, tuned):
    """`predict` says what the saved BERT says, loaded out here from what `build` finds there."""
    model = AutoModelForSequenceClassification.from_pretrained(
        MODEL.folder, num_labels=2, local_files_only=True
    ).eval()
    known, state = model.state_dict(), outcome(tuned).state
    if not isinstance(state, dict) or state.keys() != known.keys():
        raise Mismatch(
            f'state_dict of build("tuned", 2): {describe(state)}, expected a BERT with head'
        )
    for name, value in known.items():
        assert_tensor(state[name], name, shape=tuple(value.shape), dtype=value.dtype)
    model.load_state_dict(state)
    tokenizer = AutoTokenizer.from_pretrained(MODEL.folder, local_files_only=True)
    for texts, got in ((tuned.data.test.texts, tuned.test), (tuned.data.new.texts, tuned.new)):
        inputs = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
        with torch.no_grad():
            expected = model(**inputs).logits.softmax(1)
        got = probabilities(got, HELD_OUT, "predict")
        assert_close(got, expected, "predict, beside the saved network", rtol=0, atol=1e-4)


def check_cuts_long_texts(submission, tuned):
    """A text longer than the model can read is cut, and short ones beside it are read as ever."""
    probabilities(outcome(tuned).odd, len(ODD), "predict with a text of 1,050 words")


@weight(2)
def check_answers_from_the_folder(submission, tuned):
    """`predict` reads the folder that it is given, and answers alike after another training."""
    again = probabilities(outcome(tuned).again, 32, "predict, asked again")
    assert_close(again, tuned.test[:32], "predict, asked again", rtol=0, atol=1e-5)
    if torch.equal(probabilities(tuned.other, 32, "predict from another folder"), again):
        raise Mismatch("predict from another folder gives the same answers")


def check_same_seed_same_losses(submission, models):
    """The same seed gives the same losses, another seed gives others."""
    few = drawn(0).train
    runs = []
    for out, seed in (("a", 3), ("b", 3), ("c", 4)):
        given = models["bert"], few.texts[:32], few.labels[:32], out, 1, RATES, seed
        runs.append(torch.tensor([float(loss) for loss in submission.finetune(*given)]))
    assert_close(runs[1], runs[0], "losses with the same seed", atol=1e-5)
    if len(runs[2]) == len(runs[0]) and torch.allclose(runs[2], runs[0], atol=1e-5):
        raise Mismatch("another seed gives the same losses")


@merit
def check_knows_words_from_before(submission, tuned, record):
    """Of reviews whose adjectives your texts never used, 90 % are read right."""
    value = right(outcome(tuned).new, tuned.data.new.labels, "predict")
    record.measure("accuracy on adjectives that were never fine-tuned on", value, bar=MERIT)
    assert_accuracy(value, MERIT, "texts with new adjectives")
