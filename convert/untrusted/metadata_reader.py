"""What the TFLite metadata of a foreign file says of its input. Nothing else is read.

Source: metadata_schema.fbs of the TFLite metadata, identifier M001.
"""

from convert.untrusted.flatbuffer_check import check
from convert.untrusted.flatbuffer_layouts import METADATA

_NORMALIZATION = 1  # kind of ProcessUnitOptions

Numbers = tuple[float, ...]


def normalisation_in(metadata: bytes, where: str) -> tuple[Numbers, Numbers] | None:
    """(mean, deviation) of the first input, one number or three; None: not said.

    Raises:
        InputError: broken metadata.
    """
    if not metadata:
        return None
    model = check(metadata, METADATA, f"{where}: metadata")
    for graph in model.tables(3)[:1]:
        for tensor in graph.tables(2)[:1]:
            for unit in tensor.tables(4):
                options = unit.table(1)
                if unit.number(0, "B") == _NORMALIZATION and options is not None:
                    return options.floats(0), options.floats(1)
    return None
