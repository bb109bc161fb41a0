"""Runs the benchmarks named, or all of them: `make bench`."""

import sys
from importlib import import_module

NAMES = (
    "app_pixels",
    "channels",
    "compression",
    "conversion",
    "islands",
    "labels",
    "order",
    "reduced_decode",
    "runner",
    "sweep",
    "thresholds",
)


def main(names: list[str]) -> int:
    """Each benchmark prints its own table; an unknown name is exit code 2."""
    for name in names or NAMES:
        if name not in NAMES:
            print(
                f"benchmarks: {name}: expected some of {', '.join(NAMES)}.",
                file=sys.stderr,
            )
            return 2
        import_module(f"benchmarks.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
