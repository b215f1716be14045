"""What a ticket holds, and what opens it."""

from __future__ import annotations

import json

import pytest
from sample_exam import EXAM, SECRET, ticket

from grader.exam import ticket as module
from grader.exam.ticket import read, seal, unseal
from grader.model import Refused, UsageError


@pytest.fixture(autouse=True)
def cheap(monkeypatch):
    monkeypatch.setattr(module, "COST", 1 << 4)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "ada.ticket"
    path.write_bytes(seal(ticket(), SECRET))
    return path


def test_the_passphrase_gives_back_what_was_sealed(path):
    assert unseal(path, SECRET) == ticket()
    assert unseal(path, SECRET).exam.exam == "short"


def test_spaces_and_forms_of_letters_do_not_matter(tmp_path):
    path = tmp_path / "a.ticket"
    path.write_bytes(seal(ticket(), "cafe\u0301 four words"))
    assert unseal(path, "  caf\u00e9   four words\n").learner == "ada"


def test_a_name_and_an_exam_can_be_read_and_nothing_else(path):
    header, content = read(path)
    assert (header["exam"], header["learner"]) == ("short", "ada")
    for secret in (b"double", b"seconds", bytes(range(32)), b"number"):
        assert secret not in content


def test_nothing_of_the_private_half_is_in_a_ticket():
    held = ticket().model_dump_json()
    private = EXAM.parent.parent / "solutions/exams/short"
    texts = [path.read_text() for path in private.rglob("*.*")]
    assert len(texts) == 2
    for paper in ticket().papers.values():
        assert not {content.decode() for content in paper.values()} & set(texts)
    assert "return 2" not in held and "twice" not in held


def test_another_passphrase_is_refused(path):
    with pytest.raises(Refused, match=r"does not open ada\.ticket; type it once more"):
        unseal(path, SECRET + "s")


def test_a_short_passphrase_is_not_taken():
    with pytest.raises(UsageError, match="at least 12 characters; take four words"):
        seal(ticket(), "   secret   12 ")


def test_every_damaged_byte_is_told(path):
    whole = path.read_bytes()
    for at in range(0, len(whole), 7):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises((Refused, UsageError), match=r"damaged|no ticket|does not open"):
            unseal(path, SECRET)


def test_a_cut_ticket_is_damaged(path):
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(Refused, match=r"ada\.ticket is damaged; ask for it again"):
        unseal(path, SECRET)


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", b"\xff\xfe\n", b"[1]\n", b"{}\n", b'{"ticket":2}\n', b'{"ticket":1,' * 5000],
)
def test_another_file_is_no_ticket(tmp_path, content):
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"notes\.txt is no ticket of an exam"):
        unseal(path, SECRET)


def test_no_file_and_a_folder_are_told(tmp_path):
    for name in ("ada.ticket", "."):
        with pytest.raises(UsageError, match="there is no ticket"):
            unseal(tmp_path / name, SECRET)


def test_a_name_in_the_header_cannot_be_exchanged(path):
    head, content = path.read_bytes().split(b"\n", 1)
    path.write_bytes(head.replace(b'"ada"', b'"bob"') + b"\n" + content)
    with pytest.raises(Refused, match="does not open"):
        unseal(path, SECRET)


def test_sealed_nonsense_is_damaged(path):
    header = json.loads(path.read_bytes().split(b"\n", 1)[0])
    for field, value in (("salt", 3), ("nonce", "AA=="), ("salt", "***")):
        changed = json.dumps({**header, field: value}).encode()
        path.write_bytes(changed + b"\n" + b"x")
        with pytest.raises(Refused, match="damaged"):
            unseal(path, SECRET)


def test_a_definition_that_was_exchanged_is_refused():
    with pytest.raises(Refused, match="not the one of its class"):
        ticket(definition=b"exam: other\n").exam


@pytest.mark.parametrize("name", ["", "../ada", "a/b", ".ada", "a b", "x" * 65, "a\n"])
def test_a_learner_whose_name_is_no_file_name_gets_no_ticket(name):
    with pytest.raises(ValueError):
        ticket(learner=name)
