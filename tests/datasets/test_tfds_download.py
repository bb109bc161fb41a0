"""No network and no data: one line, at once."""

import socket
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from datasets.catalogue import open_dataset
from datasets.errors import InputError
from datasets.tfds_download import prepare, reachable


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("cifar10", "www.cs.toronto.edu cannot be reached"),
        ("imagenette/320px-v2", "s3.amazonaws.com cannot be reached"),
        ("imagenet2012", "files that you get yourself in .*/downloads/manual: "),
        ("no_such_data_set", "is not a data set of TFDS"),
        ("imagenette/no_such_config", "cannot be opened"),
        ("glue", "no picture with a class"),
    ],
)
def test_what_cannot_be_had_is_said_at_once(
    name: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr(socket, "create_connection", unreachable)
    started = time.monotonic()
    with pytest.raises(InputError, match=message) as caught:
        open_dataset(f"tfds:{name}", data_dir=tmp_path)
    assert time.monotonic() - started < 20  # TFDS itself would try for 205 s
    assert "\n" not in str(caught.value)


def test_silent_host_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasets.tfds_download._SECONDS_TO_ANSWER", 0.1)

    def slow(*_: object) -> None:
        time.sleep(0.5)
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", slow)
    started = time.monotonic()
    assert not reachable("example.org", 443)
    assert time.monotonic() - started < 0.4


def test_listening_host_is_reachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert reachable("127.0.0.1", port)
    assert not reachable("127.0.0.1", port)


class Builder(SimpleNamespace):
    """The part of a TFDS builder that `prepare` uses."""

    name = "toy"
    MANUAL_DOWNLOAD_INSTRUCTIONS: str | None = None

    def is_prepared(self) -> bool:
        return bool(self.prepared)

    def download_and_prepare(self) -> None:
        if self.fault:
            raise self.fault
        self.prepared = True


def builder(tmp_path: Path, **facts: object) -> Builder:
    usual = {"prepared": False, "fault": None, "url_infos": {"https://a.org:8443/x": 1}}
    return Builder(data_dir=str(tmp_path / "toy" / "1.0.0"), **(usual | facts))


def hosts_asked(toy: Builder) -> list[tuple[str, int]]:
    asked: list[tuple[str, int]] = []

    def can_reach(host: str, port: int) -> bool:
        asked.append((host, port))
        return True

    prepare(toy, "toy", can_reach)
    return asked


def test_host_is_asked_and_then_downloaded_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("urllib.request.getproxies", dict)
    toy = builder(tmp_path)
    assert hosts_asked(toy) == [("a.org", 8443)]
    assert toy.prepared


def test_proxy_is_asked_in_place_of_the_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("urllib.request.getproxies", lambda: {"https": "http://p:3128"})
    assert hosts_asked(builder(tmp_path)) == [("p", 3128)]


def test_prepared_data_asks_nobody(tmp_path: Path) -> None:
    def ask(host: str, port: int) -> bool:
        raise AssertionError((host, port))

    prepare(builder(tmp_path, prepared=True), "toy", ask)


def test_failed_download_is_one_line(tmp_path: Path) -> None:
    toy = builder(tmp_path, fault=AssertionError("checksum wrong\nand more"))
    with pytest.raises(InputError, match=r"checksum wrong\); expected") as caught:
        prepare(toy, "toy", lambda *_: True)
    assert "\n" not in str(caught.value)


def test_files_fetched_by_hand_are_used(tmp_path: Path) -> None:
    toy = builder(tmp_path)
    toy.MANUAL_DOWNLOAD_INSTRUCTIONS = "get\n  toy.tar"
    with pytest.raises(InputError, match=r"get toy\.tar"):
        prepare(toy, "toy")
    (tmp_path / "downloads/manual").mkdir(parents=True)
    (tmp_path / "downloads/manual/toy.tar").write_bytes(b"x")
    prepare(toy, "toy")
    assert toy.prepared
