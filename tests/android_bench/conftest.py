"""The real adb, its server apart from the user's, and phones that it attaches to."""

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from android_bench.adb import Adb, find_adb
from datasets.errors import InputError
from tests.android_bench import compiled
from tests.android_bench.phone_double import PhoneDouble

MakePhone = Callable[..., PhoneDouble]


@pytest.fixture(scope="session", autouse=True)
def _compiled_is_deleted() -> Iterator[None]:
    yield
    if compiled.folder.cache_info().currsize:
        shutil.rmtree(compiled.folder())


@pytest.fixture(scope="session")
def adb_server(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[str, dict[str, str]]]:
    """The real adb, and the variables of a server of its own; or a skip."""
    try:
        program = find_adb(None)
    except InputError as error:
        pytest.skip(str(error))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    own = {
        "ANDROID_ADB_SERVER_PORT": str(port),
        "HOME": str(tmp_path_factory.mktemp("home")),  # where it keeps its key
    }
    yield program, own
    subprocess.run(
        [program, "kill-server"], env=os.environ | own, capture_output=True, check=False
    )


@pytest.fixture
def adb(adb_server: tuple[str, dict[str, str]], monkeypatch: pytest.MonkeyPatch) -> Adb:
    """The real adb, its server apart from the user's."""
    program, own = adb_server
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    return Adb(program)


@pytest.fixture
def make_phone(adb: Adb, tmp_path: Path) -> Iterator[MakePhone]:
    """Makes phones that adb sees; they go at the end of the test."""
    made: list[PhoneDouble] = []

    def make(attached: bool = True, **properties: str) -> PhoneDouble:
        phone = PhoneDouble(tmp_path / f"phone-{len(made)}", **properties)
        made.append(phone)
        if attached:
            adb.connect(phone.serial)
        return phone

    yield make
    for phone in made:
        subprocess.run(
            [adb.program, "disconnect", phone.serial], capture_output=True, check=False
        )
        phone.close()
