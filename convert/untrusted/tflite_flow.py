"""How values flow through one subgraph of a .tflite, read from its bytes alone."""

from collections.abc import Iterator, Sequence

from convert.untrusted.flatbuffer import Table

_UNPACKS = (6, 53, 124)  # DEQUANTIZE, CAST, DENSIFY: a constant stored otherwise
_QUANTIZE = 114
_SCALES = (0, 18, 41, 42)  # ADD, MUL, SUB, DIV
_CONVOLVES = (3, 4, 9)  # CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED


class Flow:
    """The operations of a graph whose indices are checked already.

    Args:
        codes: the builtin code of each operation.
    """

    def __init__(self, operations: Sequence[Table], codes: Sequence[int]) -> None:
        self._inputs = [one.whole_numbers(1, 4) for one in operations]
        self._outputs = [one.whole_numbers(2, 4) for one in operations]
        self._codes = codes
        self._made_by = {
            tensor: operation
            for operation, outputs in enumerate(self._outputs)
            for tensor in outputs
        }
        self._readers: dict[int, list[int]] = {}
        for operation, inputs in enumerate(self._inputs):
            for tensor in dict.fromkeys(inputs):
                self._readers.setdefault(tensor, []).append(operation)

    def constants_of(self, kinds: Sequence[int]) -> set[int]:
        """What such operations read after their first input, as it is stored.

        A float16 file keeps float16 constants and turns them to float32 at run time:
        those are followed back to what is stored. What is no constant is in it too.
        """
        return {
            self._stored(tensor)
            for inputs, code in zip(self._inputs, self._codes, strict=True)
            if code in kinds
            for tensor in inputs[1:]
            if tensor >= 0
        }

    def back_from(self, tensor: int) -> tuple[int, ...]:
        """Codes from a tensor back along each first input, the last operation first."""
        return tuple(self._codes[operation] for operation in self._makers(tensor))

    def scaled_first(self, tensor: int) -> bool:
        """Whether arithmetic changes a tensor on its way to the first convolution."""
        seen: set[int] = set()
        ahead = [tensor]
        while ahead:
            tensor = ahead.pop()
            for operation in self._readers.get(tensor, []):
                if operation in seen:
                    continue
                seen.add(operation)
                if self._codes[operation] in _SCALES:
                    return True
                if self._codes[operation] not in _CONVOLVES:
                    ahead += self._outputs[operation]
        return False

    def rounded_to(self, tensor: int) -> int | None:
        """The tensor that QUANTIZE makes of this one, if it alone reads it."""
        readers = self._readers.get(tensor, [])
        if len(readers) != 1 or self._codes[readers[0]] != _QUANTIZE:
            return None
        return self._outputs[readers[0]][0] if self._outputs[readers[0]] else None

    def _stored(self, tensor: int) -> int:
        for operation in self._makers(tensor):
            if self._codes[operation] not in _UNPACKS:
                break
            tensor = self._inputs[operation][0]
        return tensor

    def _makers(self, tensor: int) -> Iterator[int]:
        """Operations, each once: a graph of a stranger may go in circles."""
        seen: set[int] = set()
        while (
            operation := self._made_by.get(tensor)
        ) is not None and operation not in seen:
            seen.add(operation)
            yield operation
            if not self._inputs[operation] or self._inputs[operation][0] < 0:
                return
            tensor = self._inputs[operation][0]
