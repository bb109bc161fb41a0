"""The look and the net; its TFLite export answers as numpy does."""

import numpy as np
import pytest

from datasets.errors import InputError
from selection.replay import replay
from selection.selectors.fit_learned import fit_learned, prices
from selection.selectors.thumbnail import FEATURES, OWN_MACS, SIDE, look
from tests.selection.synthetic import scored as table

DATA = table(images=500)


def _thumbnails(images: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    random = np.random.default_rng(0)
    return random.integers(0, 256, (images, SIDE, SIDE, 3)).astype(np.float32)


def test_look_of_a_flat_and_of_a_striped_picture() -> None:
    flat = np.full((1, SIDE, SIDE, 3), 51, np.float32)
    striped = flat.copy()
    striped[:, :, ::2] = 204  # columns alternate: every step to the right is 153 / 255
    features = look(np.concatenate([flat, striped]))
    assert features.shape == (2, FEATURES)
    np.testing.assert_allclose(features[0, :-2], np.log(1e-5))
    np.testing.assert_allclose(features[0, -2:], [0.2, 0], atol=1e-12)
    assert features[1, 0] == pytest.approx(np.log(0.36 + 1e-5))  # to the right
    assert features[1, 2] == pytest.approx(np.log(1e-5))  # down
    assert features[1, -1] == pytest.approx(0.3)


def test_look_is_the_same_alone_and_among_others() -> None:
    many = _thumbnails(5)
    np.testing.assert_array_equal(look(many)[3:4], look(many[3:4]))


def test_other_shapes_are_refused() -> None:
    with pytest.raises(InputError, match="thumbnails: of shape"):
        look(np.zeros((2, 32, 32, 3), np.float32))


def test_a_higher_price_spends_less() -> None:
    selector = fit_learned(DATA)
    found = prices(selector, DATA, points=30)
    assert (np.diff(found.macs) <= 1e-9).all()
    done = replay(selector.with_price(1e6), DATA)
    assert done.mean_macs == DATA.macs[0] + selector.own_macs
    assert selector.own_macs == OWN_MACS + 21 * 16 + 16 * 3


def test_it_needs_thumbnails() -> None:
    from dataclasses import replace

    blind = replace(DATA, looks=None)
    with pytest.raises(InputError, match="thumbnails"):
        fit_learned(blind)
    with pytest.raises(InputError, match="thumbnail"):
        fit_learned(DATA).paid(blind)


def test_keras_export_answers_as_numpy() -> None:
    from selection.selectors.export_learned import as_keras

    selector = fit_learned(DATA)
    thumbnails = _thumbnails(3)
    model = as_keras(selector)
    for row in range(3):
        theirs = np.asarray(model(thumbnails[row : row + 1]))
        ours = selector.chances(look(thumbnails[row : row + 1]))
        np.testing.assert_allclose(theirs, ours, atol=1e-4)
