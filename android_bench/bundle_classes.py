"""What a bundle says of its models' classes, for pictures to have the same numbers."""

from convert.bundle import Bundle
from datasets.class_order import ModelClasses


def classes_of(
    bundle: Bundle, given: tuple[str, ...] = (), first: int | None = None
) -> ModelClasses:
    """How many, and what they are called: as given, else by the bundle's labels.

    Args:
        given: names of --class-names; first: as --first-class.
    """
    offset = bundle.class_offset
    classes = bundle.manifest.rungs[0].classes - offset
    own = tuple(bundle.labels[offset:])
    usable = len(own) == classes and own != tuple(map(str, range(classes)))
    return ModelClasses(
        model=bundle.manifest.name,
        count=classes,
        names=given or (own if usable else ()),
        source="`class_names`" if given else "the bundle's labels",
        binding=bool(given),
        first=first,
    )
