"""The whole conversion: rungs, parity, bundles; each step is found again if done."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from convert.assemble import bundle_name, made_files, opened, write
from convert.bundle import Bundle
from convert.image_input import entrance
from convert.latency_beside import Beside, beside
from convert.manifest import Json
from convert.parents import parent_scores
from convert.parity import Parity, file_scores, parity
from convert.quantising.calibration import Calibration
from convert.quantising.islands import Islands
from convert.quantising.layer_errors import LayerError, worst_layers
from convert.quantising.quantise import quantiser_version
from convert.quantising.recipes import RECIPES, Recipe, check_quantiser
from convert.rung_files import RungFiles, read_part
from convert.wanted import Wanted, WantedRung
from datasets.dataset import Dataset
from datasets.files import write_text
from datasets.progress import progress
from keras_models.framework import give_back_memory, versions
from keras_models.scoring.score_records import StoredRung
from keras_models.scoring.scores import ScoreStore

UNMIXED = "full_int8"  # what islands were raised in, and are measured beside
LARGEST_DROP = 2.5  # points of accuracy; above it layers are named
_LAYER_IMAGES = 8
ADVICE = (
    "What to try: --calibration-images 300, images that look like those in use, "
    "--recipe mixed_int8 or dynamic_int8, or float16 where size allows."
)


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to convert."""

    run: Path
    recipes: tuple[Recipe, ...]
    quantiser: str
    separate: bool
    min_agreement: float | None
    max_unreadable: int
    command: str


@dataclass(frozen=True, kw_only=True)
class Result:
    """One recipe: its bundle, and how it compares."""

    recipe: Recipe
    bundle: Bundle
    parities: tuple[Parity, ...]
    layers: dict[str, list[LayerError]]  # by rung, where accuracy was lost
    separate_bytes: int  # of the rungs' separate files together
    islands: dict[str, tuple[Islands, Beside]]  # by rung, of a mixed recipe

    @property
    def failures(self) -> list[str]:
        """One line a failed check."""
        return [
            f"{compared.rung} {compared.recipe}: {why}"
            for compared in self.parities
            for why in compared.failures
        ]


def convert(
    wanted: Wanted,
    judged: Dataset,
    calibration: Calibration,
    labels: Sequence[str] | None,
    options: Options,
) -> Iterator[Result]:
    """Makes the files rung by rung, then yields a bundle a recipe.

    Args:
        judged: the images of the parity report.
    Raises:
        InputError: a model that does not convert, unreadable pictures.
    """
    check_quantiser(options.recipes, options.quantiser)
    every = [
        RungFiles(
            folder=options.run / "parts",
            base=wanted.of(source)[0],
            quantiser=options.quantiser,
            calibration=calibration,
            wanted_agreement=options.min_agreement,
        )
        for source in wanted.sources
    ]
    needed = [RECIPES["float32"]]
    if any(recipe.mixed for recipe in options.recipes):
        needed.append(RECIPES[UNMIXED])
    wished = tuple(dict.fromkeys((*needed, *options.recipes)))
    pairs = [(made, rung) for made in every for rung in wanted.of(made.source)]
    parents: dict[str, StoredRung] = {}
    for rung_files, rung in progress(
        pairs, len(pairs), "rungs converted and run by Keras"
    ):
        rung_files.make(rung, wished)
        parents[rung.rung] = parent_scores(
            rung, judged, options.run, options.max_unreadable
        )
        give_back_memory()
    for recipe in options.recipes:
        yield _result(every, wanted, recipe, judged, parents, labels, options)


def _result(
    every: Sequence[RungFiles],
    wanted: Wanted,
    recipe: Recipe,
    judged: Dataset,
    parents: dict[str, StoredRung],
    labels: Sequence[str] | None,
    options: Options,
) -> Result:
    store = ScoreStore(options.run / "parity" / recipe.name)
    counted = {name: parent.meta for name, parent in parents.items()}
    parities, layers, islands, made = [], {}, {}, []
    for rung_files in every:
        rungs = wanted.of(rung_files.source)
        files = opened(rung_files, rungs, recipe)
        for rung, file in zip(rungs, files, strict=True):
            parent = parents[rung.rung]
            own = file_scores(store, judged, rung, recipe, file, parent.meta)
            compared = parity(parent, own, file, recipe, options.min_agreement)
            parities.append(compared)
            if recipe.weights == "int8" and _lossy(compared):
                layers[rung.rung] = _layers(rung_files, rung, file.content)
            if (raised := rung_files.islands(rung, recipe)) is not None:
                islands[rung.rung] = raised, _beside(rung_files, rung, file.content)
        made.append(
            made_files(
                rung_files, rungs, files, recipe, counted, labels, options.separate
            )
        )
    folder = options.run / bundle_name(wanted, recipe)
    measured = _measured(every, wanted, recipe, parities, judged, options)
    bundle = write(folder, wanted, made, labels, measured)
    result = Result(
        recipe=recipe,
        bundle=bundle,
        parities=tuple(parities),
        layers=layers,
        separate_bytes=sum(compared.size_bytes for compared in parities),
        islands=islands,
    )
    write_text(folder / "parity.json", _report(result))
    return result


def _lossy(found: Parity) -> bool:
    return bool(found.failures) or found.drop.points > LARGEST_DROP


def _beside(rung_files: RungFiles, rung: WantedRung, content: bytes) -> Beside:
    """Its latency here beside that of the same recipe without islands."""
    other = read_part(rung_files.path(rung, RECIPES[UNMIXED]))
    return beside(content, other)


def _layers(
    rung_files: RungFiles, rung: WantedRung, content: bytes
) -> list[LayerError]:
    plain = read_part(rung_files.path(rung, RECIPES["float32"]))
    taken = entrance(rung.source.normalisation)
    few = rung_files.calibration.first(_LAYER_IMAGES)
    images = few.images(rung.resolution, rung.preprocessing, taken)
    return worst_layers(plain, content, images)


def _measured(
    every: Sequence[RungFiles],
    wanted: Wanted,
    recipe: Recipe,
    parities: Sequence[Parity],
    judged: Dataset,
    options: Options,
) -> Json:
    facts: Json = {
        "command": options.command,
        "versions": versions(),
        "weights": {
            rung_files.source.name: {
                "weights": rung_files.source.weights,
                "sha256": rung_files.source.weights_sha256,
            }
            for rung_files in every
        },
        "parity": {
            "dataset": judged.name,
            "split": judged.split,
            "images": parities[0].images,
            "rungs": [_summary(one) for one in parities],
        },
    }
    if remarks := {
        rung_files.source.name: list(rung_files.source.remarks)
        for rung_files in every
        if rung_files.source.remarks
    }:
        facts["remarks"] = remarks
    if recipe.calibrated:
        facts["quantiser"] = quantiser_version(options.quantiser)
        facts["calibration"] = every[0].calibration.facts
    if wanted.plan:
        facts["plan"] = {key: wanted.plan[key] for key in wanted.plan if key != "rungs"}
    return facts


def _summary(found: Parity) -> Json:
    facts = found.to_json()
    return {key: facts[key] for key in facts if key != "operator_macs"}


def _report(result: Result) -> str:
    facts = {
        "recipe": result.recipe.name,
        "rungs": [one.to_json() for one in result.parities],
        "worst_layers": {
            rung: [asdict(layer) for layer in layers]
            for rung, layers in result.layers.items()
        },
        "bundle_bytes": result.bundle.size_bytes,
        "separate_bytes": result.separate_bytes,
    }
    if result.islands:
        facts["islands"] = {
            rung: {**asdict(islands), "latency": asdict(latency)}
            for rung, (islands, latency) in result.islands.items()
        }
    return json.dumps(facts, indent=1) + "\n"
