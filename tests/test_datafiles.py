from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import small_data
from small_data import SMALL, SPEECH, refusal, write

from grader import data, datafiles
from grader.datafiles import FILES, File

no_data, given = small_data.no_data, small_data.given  # fixtures
pytestmark = pytest.mark.usefixtures("no_data")


class Mirror:
    """A loopback web server; `served` maps paths to bodies, anything else is a 404."""

    def __init__(self) -> None:
        self.served: dict[str, bytes] = {}
        self.asked: list[str] = []
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                mirror.asked.append(self.path)
                body = mirror.served.get(self.path)
                self.send_response(404 if body is None else 200)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def url(self, path: str) -> str:
        return f"http://{self.host}/{path}"


@pytest.fixture
def mirrors(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Mirror, Mirror]]:
    """Two mirrors of both data sets that serve nothing yet; MNIST is asked for as .gz."""
    first, second = Mirror(), Mirror()
    for name, suffix in (("mnist", ".gz"), ("shakespeare", "")):
        files = tuple(
            File(f.path, f.sha256, f.size, tuple(m.url(f.path + suffix) for m in (first, second)))
            for f in FILES[name]
        )
        monkeypatch.setitem(FILES, name, files)
    yield first, second
    for mirror in (first, second):
        mirror.server.shutdown()
        mirror.server.server_close()


def left(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


# What is refused


@pytest.mark.parametrize("kind", ["missing", "a file", "too long"])
def test_grader_data_that_is_no_folder_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
):
    write(tmp_path / "file", b"")
    path = {"missing": tmp_path / "none", "a file": tmp_path / "file", "too long": "x" * 5000}
    monkeypatch.setenv("GRADER_DATA", str(path[kind]))
    assert "GRADER_DATA does not name a folder" in refusal(data.mnist)
    assert all("unset it" in row.problem and not row.verified for row in data.status())


def test_a_place_that_cannot_be_searched_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GRADER_HOME", "x" * 300)
    assert "cache cannot be read" in refusal(data.shakespeare)


def test_wrong_content_in_grader_data_is_refused_and_never_replaced(given: Path):
    write(given / "text/tinyshakespeare.txt", SPEECH.replace(b"Citizen", b"Senator"))
    sentence = refusal(data.shakespeare)
    assert "GRADER_DATA/text/tinyshakespeare.txt" in sentence and "checksum" in sentence
    assert "take shakespeare out of that folder" in sentence


def test_wrong_content_in_the_cache_is_refused_and_download_is_named(tmp_path: Path):
    write(tmp_path / "home/data/text/tinyshakespeare.txt", b"?" * len(SPEECH))
    assert "`grade data shakespeare`" in refusal(data.shakespeare)


def test_line_ends_of_another_system_are_reported_as_a_wrong_size(given: Path):
    write(given / "text/tinyshakespeare.txt", SPEECH.replace(b"\n", b"\r\n"))
    assert f"more than {len(SPEECH)} bytes" in refusal(data.shakespeare)


def test_a_part_of_mnist_is_refused_by_the_name_of_what_is_missing(given: Path):
    (given / "mnist/t10k-labels-idx1-ubyte.gz").unlink()
    sentence = refusal(data.mnist)
    assert "part of mnist" in sentence and "mnist/t10k-labels-idx1-ubyte" in sentence


def test_a_text_that_cannot_be_opened_is_refused(given: Path, monkeypatch: pytest.MonkeyPatch):
    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    assert "cannot be read (Permission denied)" in refusal(data.shakespeare)


PACKED = gzip.compress(SMALL["mnist/train-images-idx3-ubyte"])


@pytest.mark.parametrize(
    "content",
    [
        PACKED[:-1],
        PACKED[: len(PACKED) // 2],
        PACKED[:10] + b"\xff" * 20 + PACKED[30:],
        PACKED[:-8] + bytes(8),
        PACKED + b"more",
    ],
    ids=["cut by a byte", "cut in half", "wrong code", "wrong crc", "something behind"],
)
def test_damaged_gzip_is_refused(given: Path, content: bytes):
    write(given / "mnist/train-images-idx3-ubyte.gz", content)
    assert "gzip data is damaged" in refusal(data.mnist)


def test_a_gzip_bomb_is_unpacked_to_the_pinned_size_and_no_further(
    given: Path, monkeypatch: pytest.MonkeyPatch
):
    asked: list[int] = []
    read = gzip.GzipFile.read
    monkeypatch.setattr(gzip.GzipFile, "read", lambda s, n=-1: asked.append(n) or read(s, n))
    write(given / "text/tinyshakespeare.txt", gzip.compress(bytes(1 << 24)))
    assert f"more than {len(SPEECH)} bytes" in refusal(data.shakespeare)
    assert asked == [len(SPEECH) + 1]


# Download


def test_the_second_mirror_is_asked_when_the_first_has_nothing(mirrors: tuple[Mirror, Mirror]):
    first, second = mirrors
    second.served = {f"/{path}.gz": gzip.compress(content) for path, content in SMALL.items()}
    lines: list[str] = []
    folder = data.download("mnist", lines.append)
    assert left(folder) == sorted(Path(path).name for path in SMALL)
    assert len(first.asked) == len(second.asked) == 4
    assert lines[:2] == [f"mnist/train-images-idx3-ubyte from {m.host}" for m in mirrors]
    images = data.mnist()
    assert images.source == "MNIST, downloaded" and images.train_x.shape == (5, 1, 4, 3)


def test_a_stand_in_that_was_loaded_gives_way_to_a_download(mirrors: tuple[Mirror, Mirror]):
    assert data.shakespeare().is_fallback
    mirrors[0].served = {"/text/tinyshakespeare.txt": SPEECH}
    data.download("shakespeare")
    assert data.shakespeare().text.encode() == SPEECH


def test_a_mirror_that_unpacks_on_the_way_is_as_good(mirrors: tuple[Mirror, Mirror]):
    mirrors[0].served = {f"/{path}.gz": content for path, content in SMALL.items()}
    data.download("mnist")
    assert not data.mnist().is_fallback


def test_containers_may_differ_between_mirrors(mirrors: tuple[Mirror, Mirror]):
    first, second = mirrors
    for level, mirror in ((1, first), (9, second)):
        mirror.served = {
            f"/{path}.gz": gzip.compress(content, level, mtime=level)
            for path, content in SMALL.items()
        }
    del first.served["/mnist/t10k-images-idx3-ubyte.gz"]
    data.download("mnist")
    assert len(second.asked) == 1 and not data.mnist().is_fallback


def test_wrong_content_on_every_mirror_leaves_nothing_in_the_cache(
    mirrors: tuple[Mirror, Mirror], tmp_path: Path
):
    first, second = mirrors
    first.served = {"/text/tinyshakespeare.txt": b"?" * len(SPEECH)}
    second.served = {"/text/tinyshakespeare.txt": b"<html>log in first</html>"}
    sentence = refusal(data.download, "shakespeare")
    assert f"{first.host} (its content does not have the expected checksum)" in sentence
    assert f"{second.host} (it holds 25 bytes, expected {len(SPEECH)})" in sentence
    assert "set GRADER_DATA" in sentence
    assert not (tmp_path / "home").exists()
    assert data.shakespeare().is_fallback


def test_mnist_is_kept_whole_or_not_at_all(mirrors: tuple[Mirror, Mirror], tmp_path: Path):
    mirrors[0].served = {f"/{path}.gz": gzip.compress(content) for path, content in SMALL.items()}
    mirrors[0].served["/mnist/t10k-labels-idx1-ubyte.gz"] = b"\x1f\x8b and no more"
    sentence = refusal(data.download, "mnist")
    assert "gzip data is damaged" in sentence and f"{mirrors[1].host} (HTTP 404)" in sentence
    assert not (tmp_path / "home").exists()


def test_a_mirror_that_never_stops_sending_is_cut_off(mirrors: tuple[Mirror, Mirror]):
    mirrors[0].served = {"/text/tinyshakespeare.txt": bytes(datafiles.SLACK * 4)}
    limit = len(SPEECH) + datafiles.SLACK
    assert f"it sends more than {limit} bytes" in refusal(data.download, "shakespeare")


def test_a_mirror_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch):
    (file,) = FILES["shakespeare"]
    gone = File(file.path, file.sha256, file.size, ("http://127.0.0.1:1/x", "nonsense"))
    monkeypatch.setitem(FILES, "shakespeare", (gone,))
    assert "127.0.0.1:1 (no answer)" in refusal(data.download, "shakespeare")


def test_what_is_intact_is_not_fetched_again_and_what_is_damaged_is(
    mirrors: tuple[Mirror, Mirror],
):
    mirror = mirrors[0]
    mirror.served = {f"/{path}.gz": gzip.compress(content) for path, content in SMALL.items()}
    folder = data.download("mnist")
    (folder / "t10k-labels-idx1-ubyte").write_bytes(b"damaged")
    mirror.asked.clear()
    assert data.download("mnist") == folder
    assert mirror.asked == ["/mnist/t10k-labels-idx1-ubyte.gz"]
    assert all(row.verified for row in data.status() if row.name == "mnist")


def test_offline_means_that_no_mirror_is_asked(
    mirrors: tuple[Mirror, Mirror], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("GRADER_OFFLINE", "1")
    assert "GRADER_OFFLINE" in refusal(data.download, "mnist")
    assert mirrors[0].asked == mirrors[1].asked == []


def test_a_cache_that_cannot_be_written_is_refused(mirrors: tuple[Mirror, Mirror], tmp_path: Path):
    mirrors[0].served = {"/text/tinyshakespeare.txt": SPEECH}
    (tmp_path / "home").write_text("a file where the folder should be")
    assert "set GRADER_HOME" in refusal(data.download, "shakespeare")


def test_nothing_is_asked_of_a_mirror_when_data_are_loaded(mirrors: tuple[Mirror, Mirror]):
    assert data.mnist().is_fallback and data.shakespeare().is_fallback and data.status()
    assert mirrors[0].asked == mirrors[1].asked == []
