from __future__ import annotations

import struct
import zipfile

import pytest

from grader.bulk import archive
from grader.model import UsageError

MB = 1 << 20


@pytest.fixture
def packed(tmp_path):
    """Write an archive: packed(name=content, ...)."""

    def make(files, method=zipfile.ZIP_DEFLATED):
        path = tmp_path / "work.zip"
        with zipfile.ZipFile(path, "w", method) as made:
            for name, content in files.items():
                made.writestr(name, content)
        return path

    return make


def test_files_are_listed_and_read_without_being_extracted(packed, tmp_path):
    path = packed({"a/softmax.py": "x = 1", "b/": ""})
    assert archive.names(path) == ["a/softmax.py"]
    assert archive.read(path, "a/softmax.py", MB) == b"x = 1"
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_no_more_is_unpacked_than_may_be_read(packed, method):
    path = packed({"softmax.py": bytes(5 * MB)}, method)
    with pytest.raises(UsageError, match=r"^softmax.py in work.zip unpacks to more than 1 MB"):
        archive.read(path, "softmax.py", MB)
    assert len(archive.read(path, "softmax.py", 5 * MB)) == 5 * MB


def test_a_header_that_lies_about_its_size_does_not_help(packed):
    path = packed({"softmax.py": bytes(5 * MB)})
    content = path.read_bytes().replace(struct.pack("<L", 5 * MB), struct.pack("<L", 10))
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"no whole zip archive|unpacks to more"):
        archive.read(path, "softmax.py", MB)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_unpack_without_bound_are_refused(packed, method):
    path = packed({"softmax.py": b"x = 1"}, method)
    with pytest.raises(UsageError, match="packed in an unusual way"):
        archive.read(path, "softmax.py", MB)


def test_an_encrypted_file_is_named(packed):
    path = packed({"softmax.py": "x = 1"})
    content = bytearray(path.read_bytes())
    for mark, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.index(mark) + at] |= 1
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"^softmax.py in work.zip is encrypted; hand it in"):
        archive.read(path, "softmax.py", MB)


def test_a_link_is_not_followed(packed):
    link = zipfile.ZipInfo("softmax.py")
    link.external_attr = 0o120777 << 16
    path = packed({link: "/etc/passwd"})
    with pytest.raises(UsageError, match="is a link"):
        archive.read(path, "softmax.py", MB)


def test_too_many_files_are_refused(packed, monkeypatch):
    monkeypatch.setattr(archive, "MOST_FILES", 2)
    path = packed({f"{n}.py": "" for n in range(3)})
    with pytest.raises(UsageError, match="holds more than 2 files"):
        archive.names(path)


def test_a_long_list_of_names_is_not_even_read(packed):
    path = packed({f"{n}{'x' * 60_000}.py": "" for n in range(80)})
    with pytest.raises(UsageError, match="its list of files is too large"):
        archive.names(path)


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\5\6" + bytes(18), b"no zip at all" * 99])
def test_what_is_no_archive_says_so(tmp_path, content):
    path = tmp_path / "work.zip"
    path.write_bytes(content)
    if content.startswith(b"PK\5\6"):
        assert archive.names(path) == []
        return
    with pytest.raises(UsageError, match=r"^work.zip is no whole zip archive"):
        archive.names(path)


def test_a_broken_archive_ends_as_a_usage_error_wherever_it_is_broken(packed):
    path = packed({"softmax.py": "x = 1\n" * 50, "b.py": "y"})
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xA5]) + whole[at + 1 :])
        try:
            for name in archive.names(path):
                archive.read(path, name, MB)
        except UsageError as error:
            assert str(path.parent) not in str(error)
