"""State that layers compute from their weights once, and must compute anew."""

import keras


def renew_derived_state(model: keras.Model) -> None:
    """Call after weights were set, in whatever way.

    Normalization keeps mean and variance aside, Discretization its bin boundaries:
    both compute them in `finalize_state`, which Keras calls on loading a file only.
    """
    for layer in model._flatten_layers():
        finalize = getattr(layer, "finalize_state", None)
        if callable(finalize) and layer.built and layer.weights:
            finalize()
