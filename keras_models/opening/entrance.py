"""How one RGB picture enters a model that takes it otherwise.

The canonical model takes float32 (None, R, R, 3). A file may take grey, no fixed size,
whole numbers, a dictionary, or batches of one size.
"""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from datasets.errors import ModelError

Float32s = NDArray[np.float32]

# L of a picture, as Pillow and ITU-R BT.601 weigh R, G and B.
LUMA = (0.299, 0.587, 0.114)


@dataclass(frozen=True, kw_only=True)
class Entrance:
    """What a model takes, and how an RGB picture becomes that."""

    resolution: int  # of the square, in pixels
    grey: bool
    channel: bool  # False: (None, R, R), no axis of channels
    dtype: str  # what its own input is declared as
    batch: int | None  # pictures that it takes at once; None: any number
    key: str | None  # of the dictionary that it takes
    free: bool  # whether its size is the user's word

    @property
    def plain(self) -> bool:
        """Whether the model takes canonical input as it is."""
        fixed = not self.free and self.batch is None and self.key is None
        return fixed and not self.grey and self.dtype == "float32"

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the reader of a table must know."""
        remarks = []
        if self.grey:
            remarks.append("pixels: pictures become grey (0.299 R + 0.587 G + 0.114 B)")
        if self.free:
            remarks.append(f"native resolution: {self.resolution} pixels, as asked")
        if "int" in self.dtype:
            remarks.append(
                f"pixels: its {self.dtype} input is fed as float32; resized pixels "
                "are not rounded"
            )
        return tuple(remarks)

    def adapted(self, image: keras.KerasTensor) -> keras.KerasTensor:
        """(None, R, R, 3) -> the tensor that the model's first calls read."""
        if not self.grey:
            return image
        red, green, blue = (image[..., i : i + 1] * LUMA[i] for i in range(3))
        grey = red + green + blue
        return grey if self.channel else keras.ops.squeeze(grey, -1)

    def own_input(self, images: Float32s) -> Any:
        """(n, R, R, 3) in canonical form -> what the model's own predict takes."""
        taken = np.asarray(images, np.float32)
        if self.grey:
            taken = taken @ np.asarray(LUMA, np.float32)
            taken = taken[..., None] if self.channel else taken
        if "int" in self.dtype:
            taken = np.rint(taken).astype(self.dtype)
        return taken if self.key is None else {self.key: taken}


def entrance(model: keras.Model, native: int | None) -> Entrance:
    """What a model takes.

    Args:
        native: --native-resolution: the side of a model of free size.
    Raises:
        InputError: it takes no square RGB or grey picture.
    """
    if len(model.inputs) != 1:
        listed = ", ".join(f"{one.name} {tuple(one.shape)}" for one in model.inputs)
        raise ModelError.of(
            model.name, f"{len(model.inputs)} inputs ({listed})", "one image"
        )
    tensor = model.inputs[0]
    shape = tuple(tensor.shape)
    resolution = _resolution(model.name, shape, native)
    struct = getattr(model, "_inputs_struct", None)
    return Entrance(
        resolution=resolution,
        grey=len(shape) == 3 or shape[3] == 1,
        channel=len(shape) == 4,
        dtype=str(tensor.dtype),
        batch=shape[0],
        key=str(next(iter(struct))) if isinstance(struct, dict) else None,
        free=shape[1] is None,
    )


def _resolution(name: str, shape: tuple[int | None, ...], native: int | None) -> int:
    if len(shape) == 4 and shape[1] in (1, 3) and shape[3] not in (1, 3):
        raise ModelError.of(
            name,
            f"input of shape {shape}: channels first",
            "channels last, (None, R, R, 3)",
            "Build it anew after "
            "keras.config.set_image_data_format('channels_last'), move the weights "
            "by set_weights(get_weights()), save.",
        )
    if len(shape) == 4 and shape[3] == 4:
        raise ModelError.of(
            name,
            f"input of shape {shape}: four channels; pictures are read as RGB, "
            "without transparency",
            "(None, R, R, 3)",
        )
    if len(shape) not in (3, 4) or (len(shape) == 4 and shape[3] not in (1, 3)):
        raise ModelError.of(
            name,
            f"input of shape {shape}",
            "one (None, R, R, 3) with a fixed R, or (None, R, R, 1) of grey pictures",
        )
    height, width = shape[1:3]
    if height is None and width is None:
        if native is None:
            raise ModelError.of(
                name,
                f"input of shape {shape}; it takes any size and does not say at "
                "which it was trained",
                "a fixed R",
                "Say it: `native_resolution=R`.",
            )
        return native
    if height != width or height is None:
        raise ModelError.of(
            name, f"input of shape {shape}", "a square one, (None, R, R, 3)"
        )
    if native not in (None, height):
        raise ModelError(
            "native_resolution",
            native,
            "",
            "Leave it out.",
            fault=f"{name} takes {height} pixels",
        )
    return height
