from __future__ import annotations

import os
import stat
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import CliRunner
from small_data import refusal

from grader import box, pretrained
from grader.box import Box
from grader.cli.machine import data
from grader.model import GraderFault, Level, Limits
from grader.proxy import Submission
from grader.warm import PRELOADS, box_of

LIMITS = Limits(cpu_s=20, wall_s=100, memory_mb=1500)
FILES = ["config.json", "model.safetensors"]
LOOK = """
import os

def look(folder):
    return sorted(os.listdir(folder)), sorted(os.listdir(os.path.dirname(folder)))

def write(folder):
    for name in ("config.json", "new"):
        try:
            with open(os.path.join(folder, name), "w") as file:
                file.write("changed")
        except OSError:
            continue
        return name
    return ""
"""


@pytest.fixture
def home(monkeypatch, tmp_path) -> Path:
    """An empty cache."""
    monkeypatch.setenv("GRADER_HOME", str(tmp_path))
    return tmp_path / "data/models"


@pytest.fixture
def quick(monkeypatch) -> list[str]:
    """Models are two short files, and each making is noted."""
    made: list[str] = []

    def run(name: str, folder: Path) -> None:
        made.append(name)
        for each in FILES:
            (folder / each).write_text(f"{name} {each}")

    monkeypatch.setattr(pretrained, "_run", run)
    monkeypatch.setattr(pretrained, "find_spec", lambda name: None)
    return made


# Made here


def test_a_model_is_made_once_and_found_again(home, quick):
    first, again = pretrained.tiny_gpt2(), pretrained.tiny_gpt2()
    assert first == again and quick == ["tiny_gpt2"]
    assert sorted(path.name for path in first.folder.iterdir()) == FILES
    assert [path.name for path in home.iterdir()] == [first.folder.name]


def test_everybody_may_read_a_model_and_its_files_are_closed_for_writing(home, quick):
    folder = pretrained.tiny_gpt2().folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o444}


def test_another_text_or_another_script_makes_another_model(home, quick, monkeypatch):
    first = pretrained._made("tiny_gpt2", "one text")
    assert pretrained._made("tiny_gpt2", "another text") != first
    monkeypatch.setattr(pretrained, "SCRIPTS", ("pretraining.py",))
    assert pretrained._made("tiny_gpt2", "one text") != first


def test_the_digest_tells_names_and_contents(tmp_path):
    (tmp_path / "a").write_text("x")
    first = pretrained.digest(tmp_path)
    assert first == sha256(f"a {sha256(b'x').hexdigest()}\n".encode()).hexdigest()
    (tmp_path / "a").rename(tmp_path / "b")
    assert pretrained.digest(tmp_path) != first


def test_of_two_that_make_the_same_model_one_is_kept_whole(home, quick, monkeypatch):
    slow = pretrained._run

    def overtaken(name: str, folder: Path) -> None:
        monkeypatch.setattr(pretrained, "_run", slow)
        other.append(pretrained.tiny_gpt2())
        slow(name, folder)

    other: list[pretrained.Pretrained] = []
    monkeypatch.setattr(pretrained, "_run", overtaken)
    ours = pretrained.tiny_gpt2()
    assert [ours] == other and quick == ["tiny_gpt2", "tiny_gpt2"]
    assert [path.name for path in home.iterdir()] == [ours.folder.name]


def test_a_script_that_fails_leaves_nothing_and_is_our_fault(home, monkeypatch):
    def fails(name: str, folder: Path) -> None:
        (folder / "config.json").write_text("{}")
        raise GraderFault("it failed.")

    monkeypatch.setattr(pretrained, "_run", fails)
    with pytest.raises(GraderFault):
        pretrained.tiny_gpt2()
    assert list(home.iterdir()) == []


def test_the_reason_of_a_failed_script_is_told():
    with pytest.raises(GraderFault, match=r"^nothing could not be made: KeyError: 'nothing'\.$"):
        pretrained._run("nothing", Path("/nowhere"))


def test_a_cache_that_cannot_be_written_is_wrong_usage(home, quick):
    home.parent.parent.joinpath("data").write_text("a file where the folder should be")
    assert "set GRADER_HOME" in refusal(pretrained.tiny_gpt2)


def test_the_command_line_makes_a_model_and_says_where_it_lies(home, quick):
    done = CliRunner().invoke(data, ["bert"])
    assert "a tiny BERT" in done.stdout and str(pretrained.bert().folder) in done.stdout
    assert CliRunner().invoke(data, ["bertha"]).exit_code == 2 and quick == ["tiny_bert"]


# BERT


def test_a_tiny_bert_stands_in_and_says_so(home, quick):
    model = pretrained.bert()
    assert quick == ["tiny_bert"] and model.is_fallback
    assert "not MiniLM" in model.source and "on this machine" in model.source


def test_a_package_with_other_weights_is_refused(tmp_path, monkeypatch):
    package = tmp_path / pretrained.PACKAGE
    (package / "model").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('its code ran')")
    (package / "model/config.json").write_text("{}")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "does not hold the expected config.json" in refusal(pretrained.bert)
    content = (package / "model/config.json").read_bytes()
    monkeypatch.setattr(pretrained, "MINILM", {"config.json": sha256(content).hexdigest()})
    model = pretrained.bert()
    assert (model.source, model.is_fallback) == ("all-MiniLM-L6-v2", False)
    assert pretrained.PACKAGE not in sys.modules


def test_every_pinned_file_has_a_whole_digest():
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= pretrained.MINILM.keys()
    assert all(len(bytes.fromhex(digest)) == 32 for digest in pretrained.MINILM.values())


# In the box


@pytest.mark.parametrize("level", [Level.STRICT, Level.BASIC])
def test_the_box_shows_its_models_and_no_others(level, home, quick):
    if level is Level.STRICT and box.bubblewrap.refusal():
        pytest.skip(box.bubblewrap.refusal())
    models = {"tiny_gpt2": pretrained.tiny_gpt2().folder}
    pretrained.bert()
    with Box(box.isolation(level), LIMITS, models=models) as warm, warm.run() as run:
        place = warm.places["tiny_gpt2"]
        files, beside = Submission(run, "mine.py", LOOK).look(place)
    assert files == FILES
    if level is Level.STRICT:
        assert (place, beside) == ("/models/tiny_gpt2", ["tiny_gpt2"])
    else:
        assert place == str(models["tiny_gpt2"])


def test_a_strict_box_cannot_write_to_a_model(home, quick):
    if reason := box.bubblewrap.refusal():
        pytest.skip(reason)
    folder = pretrained.tiny_gpt2().folder
    before = pretrained.digest(folder)
    for path in (folder, *folder.iterdir()):
        path.chmod(0o777)  # the mount alone has to hold
    with Box(box.isolation(Level.STRICT), LIMITS, models={"a": folder}) as warm, warm.run() as run:
        assert Submission(run, "mine.py", LOOK).write("/models/a") == ""
    assert pretrained.digest(folder) == before


def test_a_model_that_the_box_may_not_read_is_wrong_usage(home, quick, monkeypatch):
    folder = pretrained.tiny_gpt2().folder
    monkeypatch.setattr(box.bubblewrap, "may_read", lambda folder: False)
    warm = Box(box.isolation(Level.BASIC), LIMITS, models={"tiny_gpt2": folder})
    assert "set GRADER_HOME" in refusal(warm.__enter__)


# What is made


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """The tiny GPT-2, really made, for a short text."""
    folder = tmp_path_factory.mktemp("made")
    program = (
        "import sys; from grader import pretraining as p; p.STEPS = 2; "
        "p.BERT_STEPS = 2; p.SENTENCES = 400; p.main()"
    )
    for name in ("tiny_gpt2", "tiny_bert"):
        (folder / name).mkdir()
        command = [sys.executable, "-P", "-c", program, name, str(folder / name)]
        subprocess.run(command, check=True, capture_output=True, timeout=280)
    return folder


def test_the_scripts_write_what_from_pretrained_reads(made):
    from transformers import AutoModelForCausalLM, AutoModelForMaskedLM, AutoTokenizer

    gpt2 = AutoModelForCausalLM.from_pretrained(made / "tiny_gpt2", local_files_only=True)
    tokenizer = AutoTokenizer.from_pretrained(made / "tiny_gpt2", local_files_only=True)
    assert (gpt2.config.n_layer, gpt2.config.vocab_size, len(tokenizer)) == (2, 512, 512)
    text = "naïve 中文 \t and\nmore"
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text
    bert = AutoModelForMaskedLM.from_pretrained(made / "tiny_bert", local_files_only=True)
    tokenizer = AutoTokenizer.from_pretrained(made / "tiny_bert", local_files_only=True)
    assert bert.config.hidden_dropout_prob == 0.1 and len(tokenizer) == bert.config.vocab_size
    assert tokenizer.tokenize("The meal was not bad") == "the meal was not bad".split()


def test_no_code_and_no_pickle_lies_in_a_made_model(made):
    for folder in made.iterdir():
        assert {path.suffix for path in folder.iterdir()} == {".json", ".safetensors"}


def test_transformers_is_loaded_before_the_fork_where_an_exercise_imports_it(isolation, softmax):
    program = "import sys\nTHERE = 'transformers.models.gpt2.modeling_gpt2' in sys.modules\n"
    for imports, there in ((("torch",), False), (("torch", "transformers"), True)):
        rules = softmax.rules.model_copy(update={"imports": imports})
        exercise = softmax.model_copy(update={"rules": rules})
        with box_of(exercise, isolation) as made, made.run() as run:
            assert Submission(run, "mine.py", program).value("THERE") is there


def test_preloading_starts_no_thread():
    names = [name for group in PRELOADS.values() for name in group]
    program = (
        f"import importlib, os\nfor name in {names}: importlib.import_module(name)\n"
        "print(len(os.listdir('/proc/self/task')))"
    )
    command = [sys.executable, "-P", "-c", program]
    environment = box.bubblewrap.environment()
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=280)
    assert run.stdout.split() == ["1"], run.stderr


def test_the_vocabulary_is_the_same_wherever_it_is_made():
    program = "from grader import pretraining as p; print(p._word_pieces(p._sentences()))"
    made = [
        subprocess.run(
            [sys.executable, "-P", "-c", program],
            env=os.environ | {"PYTHONHASHSEED": str(seed)},
            capture_output=True,
            text=True,
        ).stdout
        for seed in (1, 2)
    ]
    assert made[0] == made[1] and "'nobody': " in made[0]
