"""Where Android's NDK lies on this machine."""

from collections.abc import Mapping
from pathlib import Path

from datasets.errors import InputError

NDK_COMMAND = 'sdkmanager "ndk;28.2.13676358"'

NDK_VARIABLES = ("ANDROID_NDK_HOME", "ANDROID_NDK_ROOT", "ANDROID_NDK")


def find_ndk(given: Path | None, environment: Mapping[str, str]) -> Path | None:
    """The NDK's folder: as given, or as the usual variables say.

    Raises:
        InputError: the folder holds no CMake toolchain file.
    """
    named = [environment[name] for name in NDK_VARIABLES if environment.get(name)]
    folder = given or (Path(named[0]) if named else None)
    if folder is not None and not toolchain_of(folder).is_file():
        raise InputError.of(
            folder,
            "no Android NDK there",
            "build/cmake/android.toolchain.cmake in it (`ndk`)",
        )
    return folder


def toolchain_of(ndk: Path) -> Path:
    return ndk / "build" / "cmake" / "android.toolchain.cmake"
