"""Which option each layer takes, so that the whole network saves what is asked for.

by_loss    the least estimated loss of the whole: one price for a multiply-accumulate,
           every layer takes what is cheapest at that price, and the price is searched
           (Lagrange; Shoham and Gersho 1988).
by_energy  every layer gives up the same part of its energy at most.
"""

from collections.abc import Callable, Sequence

from keras_models.compression.lowrank.options import LayerOptions, Option

Choice = dict[int, Option]  # by the layer's call; others stay as they are
Chosen = Callable[[LayerOptions, float], Option | None]

_HALVINGS = 60


def by_loss(layers: Sequence[LayerOptions], wanted: int) -> Choice:
    """Saves at least `wanted` multiply-accumulates, if that can be had."""
    most = max(
        (option.loss / layer.macs for layer in layers for option in layer.options),
        default=0.0,
    )
    return _searched(layers, wanted, _at_price, 1e3 * most)


def by_energy(layers: Sequence[LayerOptions], wanted: int) -> Choice:
    """As `by_loss`, by one part of the energy for all."""
    return _searched(layers, wanted, _within, 1.0)


def saved(layers: Sequence[LayerOptions], choice: Choice) -> int:
    """Multiply-accumulates that a choice takes away."""
    return sum(
        layer.macs - choice[layer.number].macs
        for layer in layers
        if layer.number in choice
    )


def _at_price(layer: LayerOptions, price: float) -> Option | None:
    best = min(
        layer.options,
        key=lambda option: option.loss + price * option.macs,
        default=None,
    )
    if best is None or best.loss + price * best.macs >= price * layer.macs:
        return None
    return best


def _within(layer: LayerOptions, part: float) -> Option | None:
    fitting = [
        option
        for option in layer.options
        if option.energy <= part and option.macs < layer.macs
    ]
    return min(fitting, key=lambda option: (option.macs, option.loss), default=None)


def _searched(
    layers: Sequence[LayerOptions], wanted: int, chosen: Chosen, most: float
) -> Choice:
    """The smallest value at which enough is saved; the largest where none does."""

    def at(value: float) -> Choice:
        options = {layer.number: chosen(layer, value) for layer in layers}
        return {number: option for number, option in options.items() if option}

    low, high = 0.0, most
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if saved(layers, at(middle)) >= wanted:
            high = middle
        else:
            low = middle
    return at(high)
