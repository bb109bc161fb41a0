"""Prepares a TFDS data set, after looking whether that can work at all.

TFDS tries again and again when there is no network, for minutes. So the host is asked
first, for three seconds.
"""

import socket
import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from datasets.errors import DataError

_SECONDS_TO_ANSWER = 3.0


def reachable(host: str, port: int) -> bool:
    """Whether a TCP connection comes about within three seconds, look-up included."""
    answers: list[bool] = []

    def connect() -> None:
        try:
            socket.create_connection((host, port), _SECONDS_TO_ANSWER).close()
            answers.append(True)
        except OSError:
            answers.append(False)

    # A thread, as a look-up of a name takes no time limit.
    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(_SECONDS_TO_ANSWER)
    return any(answers)


def prepare(
    builder: Any, name: str, can_reach: Callable[[str, int], bool] = reachable
) -> None:
    """Downloads what is not on the disk yet; returns at once if it is.

    Raises:
        InputError: not on the disk, and it cannot be had: no network, files that only
            the user can get, or a download that failed.
    """
    if builder.is_prepared():
        return
    folder = Path(builder.data_dir)
    manual = getattr(builder, "MANUAL_DOWNLOAD_INSTRUCTIONS", None)
    if manual:
        _check_manual(folder, name, builder.name, " ".join(str(manual).split()))
    else:
        _check_hosts(builder, folder, name, can_reach)
    try:
        builder.download_and_prepare()
    except Exception as error:  # TFDS: AssertionError, DownloadError, requests' own
        line = (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
        raise DataError.of(
            f"tfds:{name}",
            f"could not be prepared in {folder} ({line})",
            "a download that works",
            _elsewhere(),
        ) from error


def _check_hosts(
    builder: Any, folder: Path, name: str, can_reach: Callable[[str, int], bool]
) -> None:
    for host, port in sorted(_hosts(builder)):
        if not can_reach(host, port):
            raise DataError.of(
                f"tfds:{name}",
                f"is not in {folder} and {host} cannot be reached",
                "one of the two",
                _elsewhere(),
            )


def _hosts(builder: Any) -> set[tuple[str, int]]:
    urls = [urlsplit(url) for url in getattr(builder, "url_infos", None) or {}]
    proxies = urllib.request.getproxies()
    hosts = set()
    for url in urls:
        proxy = proxies.get(url.scheme)
        if proxy and not urllib.request.proxy_bypass(url.hostname or ""):
            url = urlsplit(proxy if "//" in proxy else f"//{proxy}")
        if url.hostname:
            hosts.add((url.hostname, url.port or (80 if url.scheme == "http" else 443)))
    return hosts


def _check_manual(folder: Path, name: str, short_name: str, what: str) -> None:
    # Where TFDS looks: <data_dir>/downloads/manual, with the name below <data_dir>.
    above = next((p for p in folder.parents if p.name == short_name), folder.parent)
    manual = above.parent / "downloads" / "manual"
    if not manual.is_dir() or not any(manual.iterdir()):
        raise DataError.of(
            f"tfds:{name}",
            f"is not in {folder}, and TFDS may not download it",
            f"files that you get yourself in {manual}: {what} Or name the folder of "
            "an existing copy with `data_dir`",
        )


def _elsewhere() -> str:
    return (
        "Copy a prepared data set from another machine into that folder, name its "
        "folder with --data-dir, or use folder:PATH, csv:PATH or glyphs."
    )
