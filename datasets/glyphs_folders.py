"""Class folders of drawn letters, to try a guide on before pictures of your own.

    python -m datasets.glyphs_folders --out pictures

It writes OUT/train, OUT/validation and OUT/test with a folder a class, as
`folder:OUT` and Keras's image_dataset_from_directory read them. No font is in two of
the three. Any pictures in such folders do instead.
"""

import argparse
from pathlib import Path

from datasets.catalogue import open_dataset

PARTS = {"train": "train_hard", "validation": "calibration", "test": "test"}


def main() -> None:
    """Draws the first pictures of each class."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--classes", default="A,E,H,K,R", help="letters and digits")
    parser.add_argument("--per-class", type=int, default=40, help="in each part")
    flags = parser.parse_args()
    for part, split in PARTS.items():
        drawn = open_dataset("glyphs", split, None)
        for name in flags.classes.split(","):
            label = drawn.class_names.index(name)
            folder = flags.out / part / name
            folder.mkdir(parents=True, exist_ok=True)
            own = [at for at, other in enumerate(drawn.labels) if other == label]
            for at in own[: flags.per_class]:
                (folder / f"{part}_{at:05d}.png").write_bytes(drawn.read(at))
    print(f"wrote {flags.per_class} pictures of each of {flags.classes} to {flags.out}")


if __name__ == "__main__":
    main()
