import math

import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.oracle import (
    Mismatch,
    assert_close,
    assert_equal,
    assert_keeps_inputs,
    assert_raises,
    assert_tensor,
    generator,
    randn,
    seeds,
    sides,
    unpack,
    weight,
)
from grader.oracle.values import describe

DTYPES = st.sampled_from([torch.float32, torch.float64])


def pictures(*shape, seed=0, dtype=torch.float64):
    """Images without a 0 and without two equal pixels, sometimes transposed in memory."""
    count = math.prod(shape)
    order = torch.randperm(count, generator=generator(seed))
    values = ((order + 1) / (count + 1)).to(dtype).view(shape)
    return values.mT.contiguous().mT if seed % 2 else values


def windows(x, size, pad):
    """Every window of the padded images: a list of (B, C, *size)."""
    padded = torch.nn.functional.pad(x, (pad, pad, pad, pad))
    (height, width), (h, w) = padded.shape[2:], size
    places = [(top, left) for top in range(height - h + 1) for left in range(width - w + 1)]
    return [padded[:, :, top : top + h, left : left + w] for top, left in places]


def which(got, candidates, what):
    """For each image the number of the candidate that it equals. Raises: Mismatch."""
    shape, dtype = tuple(candidates[0].shape), candidates[0].dtype
    got = assert_tensor(got, what, shape=shape, dtype=dtype)
    equal = torch.stack([(got == each).flatten(1).all(1) for each in candidates])
    if not bool(equal.any(0).all()):
        sample = int((~equal.any(0)).nonzero()[0, 0])
        message = f"{what}: image {sample} is none of the {len(candidates)} possible ones"
        raise Mismatch(message, got=got[sample])
    return equal.to(torch.uint8).argmax(0)


def assert_shares(counts, expected, what, names):
    """Counts (K,) of a draw lie within 6 standard deviations of their shares (K,)."""
    total = float(counts.sum())
    share = torch.as_tensor(expected, dtype=torch.float64)
    bound = 6 * (share * (1 - share) / total).sqrt()
    gap = (counts.double() / total - share).abs()
    if bool((gap > bound).any()):
        k = int((gap - bound).argmax())
        mine = float(counts[k]) / total
        message = f"{what}: {names(k)} is drawn in {mine:.1%} of the cases, not {share[k]:.1%}"
        raise Mismatch(message, error=float(gap[k]), allowed=float(bound[k]))


@weight(2)
@settings(max_examples=12)
@example(n=3, c=2, h=4, w=5, pad=2, rows=3, columns=2, seed=1, dtype=torch.float32)
@example(n=3, c=3, h=3, w=3, pad=1, rows=5, columns=5, seed=2, dtype=torch.float64)
@given(
    n=sides(1, 4),
    c=sides(1, 3),
    h=sides(2, 5),
    w=sides(2, 5),
    pad=st.integers(0, 2),
    rows=sides(1, 4),
    columns=sides(1, 4),
    seed=seeds(),
    dtype=DTYPES,
)
def check_random_crop(submission, n, c, h, w, pad, rows, columns, seed, dtype):
    """random_crop: each result is a window of the image with zeros around it."""
    x = pictures(n, c, h, w, seed=seed, dtype=dtype)
    size = min(rows, h + 2 * pad), min(columns, w + 2 * pad)
    what = f"random_crop of {h}x{w} with size={size}, pad={pad}"
    which(submission.random_crop(x, size, pad, generator(seed)), windows(x, size, pad), what)


@weight(2)
@settings(max_examples=12)
@example(n=3, c=2, h=4, w=5, by=2, seed=1, dtype=torch.float32)
@given(
    n=sides(1, 4),
    c=sides(1, 3),
    h=sides(2, 5),
    w=sides(2, 5),
    by=sides(0, 3),
    seed=seeds(),
    dtype=DTYPES,
)
def check_shift(submission, n, c, h, w, by, seed, dtype):
    """shift: each result is the image moved by at most `max_px` both ways, zeros moving in."""
    x = pictures(n, c, h, w, seed=seed, dtype=dtype)
    moved = windows(x, (h, w), by)
    which(submission.shift(x, by, generator(seed)), moved, f"shift of {h}x{w} by up to {by}")


@weight(2)
def check_places_are_uniform(submission):
    """random_crop and shift: every image gets a place of its own, and all are equally likely."""
    x = pictures(1, 1, 3, 4).repeat(3000, 1, 1, 1)
    for what, got, size, pad in (
        ("shift(x, 1)", submission.shift(x, 1, generator(3)), (3, 4), 1),
        (
            "random_crop(x, (2, 3), 1)",
            submission.random_crop(x, (2, 3), 1, generator(4)),
            (2, 3),
            1,
        ),
    ):
        possible = windows(x, size, pad)
        columns = 4 + 2 * pad - size[1] + 1
        counts = torch.bincount(which(got, possible, what), minlength=len(possible))
        share = [1 / len(possible)] * len(possible)
        assert_shares(
            counts, share, what, lambda k, n=columns: f"the place row {k // n}, column {k % n}"
        )


@weight(2)
def check_hflip(submission):
    """hflip: a share p of the images is mirrored left to right, each decided by itself."""
    x = pictures(1500, 2, 3, 4)
    for dtype in (torch.float64, torch.float32):
        for p in (0.2, 0.8):
            got = submission.hflip(x.to(dtype), p, generator(5))
            chosen = which(got, [x.to(dtype), x.to(dtype).flip(-1)], f"hflip(x, {p})")
            counts = torch.bincount(chosen, minlength=2)
            assert_shares(
                counts, [1 - p, p], f"hflip(x, {p})", ("the image", "its mirror").__getitem__
            )
    for p, expected in ((0.0, x), (1.0, x.flip(-1))):
        assert_equal(submission.hflip(x, p, generator(5)), expected, f"hflip(x, {p})")


@settings(max_examples=12)
@example(k=[1, -1, 2, 0, 7], c=2, side=3, dtype=torch.float32)
@given(
    k=st.lists(st.integers(-5, 9), min_size=1, max_size=6),
    c=sides(1, 3),
    side=sides(1, 4),
    dtype=DTYPES,
)
def check_rot90(submission, k, c, side, dtype):
    """rot90: image i is turned counter-clockwise by k[i] quarters."""
    x = pictures(len(k), c, side, side, seed=1, dtype=dtype)
    expected = torch.stack([torch.rot90(each, n, (1, 2)) for each, n in zip(x, k, strict=True)])
    assert_equal(submission.rot90(x, torch.tensor(k)), expected, f"rot90(x, k={k})")


@weight(2)
def check_color_jitter(submission):
    """color_jitter: one c and one b for each image, uniform in their ranges, around its mean."""
    x = 0.4 + 0.2 * pictures(1, 3, 4, 5).repeat(2000, 1, 1, 1)
    m = x.mean((1, 2, 3), keepdim=True)
    centred = x - m
    for brightness, contrast in ((0.1, 0.5), (0.2, 0.0), (0.0, 0.8)):
        what = f"color_jitter(x, {brightness}, {contrast})"
        got = submission.color_jitter(x, brightness, contrast, generator(6))
        y = assert_tensor(got, what, shape=tuple(x.shape), dtype=x.dtype)
        if bool(((y <= 0) | (y >= 1)).any()):
            raise Mismatch(f"{what}: pixels from 0.4 to 0.6 come out as 0 or as 1")
        c = (centred * y).sum((1, 2, 3)) / (centred**2).sum((1, 2, 3))
        b = (y - m).mean((1, 2, 3))
        line = centred * c.view(-1, 1, 1, 1) + m + b.view(-1, 1, 1, 1)
        assert_close(y, line, f"{what}: (x - m) * c + m + b with the c and b nearest to it")
        for name, drawn, middle, wide in (("c", c, 1, contrast), ("b", b, 0, brightness)):
            outside = float((drawn - middle).abs().max()) - wide
            if outside > 1e-9:
                raise Mismatch(f"{what}: some {name} is {outside:.3g} outside its range")
            quarter = ((drawn - middle + wide) / (2 * wide + 1e-12) * 4).long().clamp(0, 3)
            counts = torch.bincount(quarter, minlength=4)
            if wide:
                names = lambda k, name=name: f"quarter {k + 1} of the range of {name}"  # noqa: E731
                assert_shares(counts, [0.25] * 4, what, names)
        if brightness and contrast:
            related = float(torch.corrcoef(torch.stack([c, b]))[0, 1])
            if abs(related) > 6 / math.sqrt(len(x)):
                raise Mismatch(f"{what}: c and b go together, correlation {related:.2f}")


def check_color_jitter_clamps(submission):
    """color_jitter: the result lies in 0..1, cut off and not rescaled; 0 and 0 change nothing."""
    for dtype in (torch.float64, torch.float32):
        x = pictures(200, 3, 2, 3, dtype=dtype)
        got = submission.color_jitter(x, 0.5, 0.9, generator(7))
        y = assert_tensor(got, "color_jitter", shape=tuple(x.shape), dtype=dtype)
        assert_equal(y, y.clamp(0, 1), "color_jitter")
        # The pixels of x are all different, so that rescaling would bring one to each end at most.
        if int(((y == 0) | (y == 1)).flatten(1).sum(1).max()) < 3:
            raise Mismatch("color_jitter(x, 0.5, 0.9): what is below 0 or above 1 was not cut off")
        same = submission.color_jitter(x, 0.0, 0.0, generator(7))
        assert_close(same, x, "color_jitter(x, 0, 0)")


def check_add_noise(submission):
    """add_noise: normal noise with this standard deviation, another for every value."""
    x = randn(100, 3, 50, seed=8)
    for std in (0.2, 3.0):
        what = f"the noise of add_noise(x, {std})"
        got = submission.add_noise(x, std, generator(9))
        noise = (assert_tensor(got, what, shape=tuple(x.shape), dtype=x.dtype) - x) / std
        n = noise.numel()
        inner = float((noise.abs() < 1).double().mean())
        for name, value, right, bound in (
            ("mean", float(noise.mean()), 0, 6 / math.sqrt(n)),
            ("standard deviation", float(noise.std()), 1, 6 / math.sqrt(2 * n)),
            ("mean over one row", float(noise.mean(2).abs().max()), 0, 6 / math.sqrt(50)),
            ("mean over the batch", float(noise.mean(0).abs().max()), 0, 6 / math.sqrt(100)),
            ("share below one standard deviation", inner, 0.6827, 6 * math.sqrt(0.217 / n)),
        ):
            if not abs(value - right) <= bound:
                times = "" if "share" in name else " (in units of std)"
                message = f"{what}: {name} {value:.4f}{times}, expected {right}"
                raise Mismatch(message, error=abs(value - right), allowed=bound)
    single = x.float()
    assert_equal(submission.add_noise(single, 0.0, generator(9)), single, "add_noise(x, 0)")


@weight(2)
@settings(max_examples=15)
@example(n=3, t=4, powers=[2.0, 1.0, 0.5], seed=1, dtype=torch.float32)
@example(n=2, t=7, powers=[3.0, 0.3, 1.0], seed=2, dtype=torch.float64)
@given(
    n=sides(1, 3),
    t=sides(2, 8),
    powers=st.lists(st.sampled_from([0.3, 0.5, 1.0, 1.7, 3.0]), min_size=3, max_size=3),
    seed=seeds(),
    dtype=DTYPES,
)
def check_time_warp(submission, n, t, powers, seed, dtype):
    """time_warp: values between neighbours lie on a line, the ends stay, power 1 does nothing."""
    x, power = randn(n, t, seed=seed, dtype=dtype), torch.tensor(powers[:n], dtype=dtype)
    expected = torch.empty_like(x)
    for i in range(n):
        for j in range(t):
            place = (t - 1) * (j / (t - 1)) ** float(power[i])
            left = min(int(place), t - 2)
            expected[i, j] = x[i, left] + (place - left) * (x[i, left + 1] - x[i, left])
    close = {"rtol": 1e-4, "atol": 2e-5} if dtype is torch.float32 else {}
    assert_close(
        submission.time_warp(x, power), expected, f"time_warp, power {powers[:n]}", **close
    )


TABLE = {"good": ["fine", "great", "nice"], "film": ["movie"], "no": ["nay"], "bad": ["awful"]}


@weight(2)
def check_synonym_replace(submission):
    """synonym_replace: a share p is replaced, by all synonyms alike; negated words stay."""
    tokens = ["a", "good", "film", "is", "not", "good", "but", "no", "bad", "film", "never", "bad"]
    free = {1, 2, 9}
    for p in (0.2, 0.8):
        calls = [(tokens, TABLE, p, generator(seed)) for seed in range(300)]
        answers, swapped, words = submission.synonym_replace.many(calls), 0, []
        for got in answers:
            if not isinstance(got, list) or len(got) != len(tokens):
                raise Mismatch(f"synonym_replace: got {describe(got)}, expected a list of 12")
            for i, (new, old) in enumerate(zip(got, tokens, strict=True)):
                legal = TABLE[old] if i in free else []
                if new != old and new not in legal:
                    place = " ".join(tokens[max(0, i - 1) : i + 1])
                    new = new if isinstance(new, str) else describe(new)
                    raise Mismatch(f"synonym_replace: in `{place}`, {old} became {new:.40}")
            swapped += sum(got[i] != tokens[i] for i in free)
            words += [TABLE["good"].index(got[1])] if got[1] != "good" else []
        total = 3 * len(answers)
        counts = torch.tensor([total - swapped, swapped])
        what = f"synonym_replace with p={p}"
        assert_shares(counts, [1 - p, p], what, ("keeping a known token", "a synonym").__getitem__)
        counts = torch.bincount(torch.tensor(words, dtype=torch.int64), minlength=3)
        assert_shares(counts, [1 / 3] * 3, what, lambda k: f"{TABLE['good'][k]} for good")


def check_augment_in_training_only(submission):
    """augment: moved images in training, the same to the bit outside; labels stay beside them."""
    x, y = pictures(300, 1, 4, 3), torch.arange(300) % 10
    images, labels = unpack(submission.augment(x, y, 1, True, generator(3)), 2, "augment")
    moved = which(images, windows(x, (4, 3), 1), "images of augment in training")
    if len(moved.unique()) < 2:
        raise Mismatch("augment: in training all images were moved alike, or none was")
    assert_equal(labels, y, "labels of augment in training")
    images, labels = unpack(submission.augment(x, y, 1, False, generator(3)), 2, "augment")
    assert_equal(images, x, "images of augment outside training")
    assert_equal(labels, y, "labels of augment outside training")


SAFE = {
    "digits": {"shift", "color_jitter"},
    "satellite": {"shift", "hflip", "rot90", "color_jitter"},
    "arrows": {"shift", "color_jitter"},
    "tomatoes": {"shift", "hflip", "rot90"},
}


@weight(2)
def check_safe_for(submission):
    """safe_for: the copies that keep every label, for all four data sets."""
    for dataset, right in SAFE.items():
        got = submission.safe_for(dataset)
        if not isinstance(got, list | tuple) or not all(isinstance(each, str) for each in got):
            raise Mismatch(f"safe_for({dataset!r}): got {describe(got)}, expected a list of names")
        if wrong := sorted(set(got) - right):
            message = f"safe_for({dataset!r}): {wrong[0]:.40} does not keep every label"
            raise Mismatch(message, next_step="look for one sample whose label becomes wrong")
        if set(got) != right:
            message = f"safe_for({dataset!r}): {len(right - set(got))} more would keep every label"
            raise Mismatch(message, next_step="for what you left out, name a label that it spoils")


def drawing(submission, x):
    """Every function that draws, as a function of its generator."""
    return {
        "random_crop": lambda g: submission.random_crop(x, (2, 2), 1, g),
        "shift": lambda g: submission.shift(x, 2, g),
        "hflip": lambda g: submission.hflip(x, 0.5, g),
        "color_jitter": lambda g: submission.color_jitter(x, 0.1, 0.1, g),
        "add_noise": lambda g: submission.add_noise(x, 1.0, g),
    }


def check_generator_draws(submission):
    """The same seed gives the same copies, another seed others; None is legal too."""
    x = pictures(40, 1, 3, 4)
    for name, draw in drawing(submission, x).items():
        first = assert_tensor(draw(generator(901)), name)
        assert_equal(draw(generator(901)), first, f"{name}, drawn again with the same seed")
        for source, what in ((generator(902), "another seed"), (None, "no generator")):
            other = assert_tensor(draw(source), name, shape=tuple(first.shape))
            if torch.equal(other, first):
                raise Mismatch(f"{name}: {what} draws the same as seed 901")


def check_keeps_inputs(submission):
    """The arguments are the same after the call as before."""
    x = pictures(4, 2, 3, 3)
    for name, rest in (
        ("random_crop", ((2, 2), 1)),
        ("shift", (1,)),
        ("hflip", (1.0,)),
        ("rot90", (torch.tensor([0, 1, 2, 3]),)),
        ("color_jitter", (0.5, 0.5)),
        ("add_noise", (1.0,)),
    ):
        assert_keeps_inputs(getattr(submission, name), x, *rest)
    assert_keeps_inputs(
        submission.time_warp, randn(2, 5, seed=1), torch.tensor([2.0, 0.5]).double()
    )
    _, (tokens, *_), _ = submission.synonym_replace.keeping(["good", "film"], TABLE, 1.0)
    if tokens != ["good", "film"]:
        raise Mismatch("synonym_replace: the list of tokens is another one after the call")


def check_refuses_bad_arguments(submission):
    """A window that is too large, a turn of an image that is not square, and an unknown data set
    raise a ValueError with the name."""
    x = pictures(2, 1, 3, 4)
    for size in ((6, 4), (3, 7)):
        with assert_raises(f"random_crop of 3x4 with size={size}, pad=1", naming="size"):
            submission.random_crop(x, size, 1)
    with assert_raises("rot90 of 3x4 images", naming="x"):
        submission.rot90(x, torch.tensor([1, 2]))
    with assert_raises('safe_for("clouds")', naming="dataset"):
        submission.safe_for("clouds")
