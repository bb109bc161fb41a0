"""State that layers compute from their weights once, and must compute anew."""

import keras


def renew_derived_state(model: keras.Model) -> None:
    """Call after weights were set: Normalization keeps mean and variance aside."""
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()
