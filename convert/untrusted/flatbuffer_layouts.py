"""Which fields the tables of two flatbuffer formats have, as data.

A table is its fields in their order: 1, 2, 4, 8 are scalars of so many bytes; s is a
string; b, h, i, l are vectors of 1, 2, 4, 8 bytes an element; Name is a table, [Name] a
vector of tables, (Name) a union whose kind stands in the field before; - is a field no
longer used. Sources: schema.fbs of LiteRT 2.3.0 (a test reads the one installed) and
metadata_schema.fbs of the TFLite metadata.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Layout:
    """One format."""

    identifier: bytes
    root: str
    tables: dict[str, list[str]]
    unions: dict[str, list[list[str]]]  # per kind its fields; kind 0 is none


def _kinds(text: str) -> list[list[str]]:
    return [[] if word == "." else list(word) for word in text.split()]


def _tables(text: str) -> dict[str, list[str]]:
    lines = (line.split() for line in text.strip().splitlines())
    return {words[0]: words[1:] for words in lines}


TFLITE = Layout(
    b"TFL3",
    "Model",
    _tables("""
        Model 4 [OperatorCode] [SubGraph] s [Buffer] i [Metadata] [SignatureDef] \
[ExternalBufferGroup] [ExternalBuffer]
        OperatorCode 1 s 4 4
        SubGraph [Tensor] i i [Operator] s 4
        Tensor i 1 4 s QuantizationParameters 1 SparsityParameters i 1 \
[VariantSubType] 4
        QuantizationParameters i i i l 1 (QuantizationDetails) 4
        SparsityParameters i i [DimensionMetadata]
        DimensionMetadata 1 4 1 (SparseIndexVector) 1 (SparseIndexVector)
        VariantSubType i 1 1
        Operator 4 i i 1 (BuiltinOptions) b 1 b i 8 8 1 (BuiltinOptions2) 4
        Buffer b 8 8
        Metadata s 4
        SignatureDef [TensorMap] [TensorMap] s - 4
        TensorMap s 4
        ExternalBufferGroup s
        ExternalBuffer 4 4 8 - s
    """),
    {
        "QuantizationDetails": _kinds(". b 444i 444i"),
        "SparseIndexVector": _kinds(". i h b"),
        "BuiltinOptions": _kinds("""
            . 1441441 1444144 4ii 1 144441 411 11 11111b 4 41 11 1 4444 14411 --11 4 i
            441 4 1 1 . 44 . . . 1 11 1 i 111 444441 . . 4 . 11 . . 1 . . . . . . . .
            14411 1 . . . . 1 . 1 4441 44 . 4 . . 44 . . . . 144111 1111 144111 . . 11
            4 . 1 . 4 1 . . . . . . 44 . . . . 44 44 4 . . . . . . 111 11 4 . .
            14441444 411 . . . ss . . 88 i 1 . . . . . . . . . .
        """),
        "BuiltinOptions2": _kinds("""
            . 8 l lll llllb88l88l88l88i s1s4ib l4 1lll814 44 l lll 8 lllli lllll4 814
            44 lll8l1 l . 1 4 s4b14 . i
        """),
    },
)

METADATA = Layout(
    b"M001",
    "ModelMetadata",
    _tables("""
        ModelMetadata s s s [SubGraphMetadata] s s [AssociatedFile] s
        SubGraphMetadata s s [TensorMetadata] [TensorMetadata] [AssociatedFile] \
[ProcessUnit] [ProcessUnit] [TensorGroup] [TensorGroup] [CustomMetadata]
        TensorMetadata s s [Text] Content [ProcessUnit] Stats [AssociatedFile]
        Content 1 (ContentProperties) ValueRange
        ValueRange 4 4
        ProcessUnit 1 (ProcessUnitOptions)
        Stats i i
        AssociatedFile s s 1 s s
        TensorGroup s [Text]
        CustomMetadata s b
        ImageSize 4 4
    """),
    {
        "ContentProperties": [[], [], ["1", "ImageSize"], ["i", "1", "1"], ["4", "4"]],
        "ProcessUnitOptions": [
            [], ["i", "i"], ["1", "4"], ["4"], ["[AssociatedFile]"],
            ["[AssociatedFile]"] * 2, ["s", "[AssociatedFile]"],
        ],
    },
)  # fmt: skip
