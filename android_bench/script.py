"""Manifest + selector -> the text that the runner reads. It needs no JSON parser then.

Lines end with a newline, words are divided by one space, names hold no space. The first
line is `reswise script 1`; then in any order, but a thing before what refers to it:

    threads N               0: as LiteRT decides      cores MASK   0: as the system does
    warm-up N               inferences of each rung   images N
    rounds N                at least so often over all images
    least-count N           at least so many images   least-ns N   and so long a time
    probe RUNG EVERY        times RUNG on image 0 before every EVERY-th image
    top-k K                 ids FILE                  scores FILE  keep answers there
    file FILE               a .tflite; counted from 0
    rung FILE =SIGNATURE TENSORS DTYPE INPUTS DTYPE OUTPUTS SCALE ZERO [KIND]
    selector fixed|list|cascade|deferral|learned
    ladder N RUNG..         choices FILE (list: a step for each image, packed uint8)
    answer last|mean        confidence top1|margin|entropy|calibrated
    thresholds T..          temperatures T..          one for each rung but the last
    rule linear INTERCEPT N WEIGHT..
    rule trees INTERCEPT N  then N times: tree NODES, and NODES times
    node FEATURE THRESHOLD LEFT RIGHT VALUE           FEATURE from 1; 0 is a leaf
    look FILE =SIGNATURE TENSORS DTYPE INPUTS DTYPE OUTPUTS SCALE ZERO
    price P                 costs C..                 of the learned selector

Numbers are Python's repr, which every strtod reads back to the same bits. Rungs are
counted within the script. KIND says how the outputs are read, where they are no
probabilities (`convert.score_kinds`). Bytes of a signature that are not letters,
digits, _, ., - or ~ are %XX.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from android_bench.inputs import IDS_FILE, LOOK_FILE, tensor_file
from android_bench.tensors import elements
from convert.manifest import Look, Manifest, Rung
from convert.score_kinds import PROBABILITIES
from datasets.errors import BundleError
from selection.contract import NEVER, Selector
from selection.selectors.cascade import Cascade
from selection.selectors.deferral import Deferral
from selection.selectors.fixed import Fixed
from selection.selectors.learned import Learned
from selection.selectors.random_choice import RandomChoice
from selection.selectors.rules import Linear, Rule, Trees

# entropy and calibrated go through log and pow, whose last digits differ between
# machines; a threshold is one image's own confidence, so it is lowered by more
ROUNDING = 1e-9
_INEXACT = ("entropy", "calibrated")
SELECTOR = "selector"  # the pass that applies the bundle's own
LOOK = "look"  # the pass over thumbnails, the learned selector's own net for a rung


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a pass is measured; written out with the results.

    least_count and least_seconds default to MLPerf Mobile's single-stream rules: 1,024
    samples and 60 s. Source: Reddi et al. 2022, arXiv:2012.02328.
    """

    threads: int = 1
    cores: int = 0  # mask; 0: as the system decides
    warm_up: int = 5
    rounds: int = 1
    least_count: int = 1024
    least_seconds: float = 60.0
    probe_every: int = 50
    top_k: int = 5


@dataclass(frozen=True)
class Pass:
    """One run of the runner over all images: the selector, or one rung for all."""

    name: str  # SELECTOR, or a rung
    selector: Selector
    keep_scores: bool = False  # of fixed rungs: the selector is replayed on them


def passes(manifest: Manifest, selector: Selector) -> tuple[Pass, ...]:
    """The bundle's selector, then every rung by itself, then the look if there is one.

    Raises:
        InputError: the selector is `learned`, and the bundle has no .tflite of it.
    """
    names = [rung.rung for rung in manifest.rungs]
    if isinstance(selector, Learned):
        if manifest.look is None:
            raise BundleError.of(
                "the bundle's selector",
                "learned, and the bundle holds no .tflite of it (look is null)",
                "",
                "Convert it again.",
            )
        names.append(LOOK)
    alone = [Pass(name, Fixed(name), True) for name in names]
    return (Pass(SELECTOR, selector), *alone)


def script_text(
    manifest: Manifest,
    wanted: Pass,
    images: int,
    settings: Settings,
    names: Mapping[str, str],
    choices: str | None = None,
) -> str:
    """The script of a pass, without its `scores` line.

    Args:
        names: file of the bundle or of the inputs -> its name beside the runner,
            without spaces.
        choices: name of the file that `inputs.write_choices` made, for random.
    """
    rungs = _nets(manifest, wanted.selector.ladder)
    look = _nets(manifest, (LOOK,)) if isinstance(wanted.selector, Learned) else []
    files = list(dict.fromkeys(net.file for net, _ in (*rungs, *look)))
    lines = ["reswise script 1", *_settings(settings, images)]
    lines.append(f"ids {names[IDS_FILE]}")
    lines += [f"file {names[name]}" for name in files]
    lines += [f"rung {_net(net, files, names[held])}" for net, held in rungs]
    if settings.probe_every:
        lines.append(f"probe 0 {settings.probe_every}")
    lines += _selector(wanted.selector, choices)
    lines += [f"look {_net(net, files, names[held])}" for net, held in look]
    return "".join(f"{line}\n" for line in lines if line)


def _settings(settings: Settings, images: int) -> list[str]:
    return [
        f"threads {settings.threads}",
        f"cores {settings.cores}",
        f"warm-up {settings.warm_up}",
        f"images {images}",
        f"rounds {settings.rounds}",
        f"least-count {settings.least_count}",
        f"least-ns {round(settings.least_seconds * 1e9)}",
        f"top-k {settings.top_k}",
    ]


def _nets(manifest: Manifest, ladder: Sequence[str]) -> list[tuple[Rung | Look, str]]:
    """What a ladder names, each with its packed file; LOOK is the look."""
    held: dict[str, tuple[Rung | Look, str]] = {
        rung.rung: (rung, tensor_file(rung)) for rung in manifest.rungs
    }
    if manifest.look:
        held[LOOK] = (manifest.look, LOOK_FILE)
    return [held[name] for name in ladder]


def _net(net: Rung | Look, files: list[str], tensors: str) -> str:
    outputs = elements(net.output)
    words = [files.index(net.file), "=" + quote(net.signature, safe=""), tensors]
    words += [net.input.dtype, elements(net.input), net.output.dtype, outputs]
    words += [repr(float(net.output.scale)), net.output.zero_point]
    if isinstance(net, Rung) and net.scores != PROBABILITIES:
        words.append(net.scores)
    return " ".join(map(str, words))


def _numbers(values: Sequence[float]) -> str:
    return " ".join(repr(float(value)) for value in values)


def _selector(selector: Selector, choices: str | None) -> list[str]:
    steps = len(selector.ladder)
    ladder = f"ladder {steps} {' '.join(map(str, range(steps)))}"
    match selector:
        case Fixed():
            return ["selector fixed", ladder]
        case RandomChoice():
            return ["selector list", ladder, f"choices {choices}"]
        case Cascade():
            return ["selector cascade", ladder, *_cascade(selector)]
        case Deferral():
            return ["selector deferral", ladder, *_deferral(selector)]
        case Learned():
            price, costs = _numbers((selector.price,)), _numbers(selector.costs)
            return ["selector learned", ladder, f"price {price}", f"costs {costs}"]
    raise BundleError.of(
        "the bundle's selector",
        f"{selector.to_json()['kind']} cannot run on a device",
        "fixed, random, cascade, deferral or learned",
    )


def _cascade(selector: Cascade) -> list[str]:
    slack = ROUNDING if selector.confidence in _INEXACT else 0.0
    thresholds = [
        value - slack if value < NEVER else value for value in selector.thresholds
    ]
    temperatures = selector.temperatures or (1.0,) * len(selector.thresholds)
    return [
        f"answer {selector.answer}",
        f"confidence {selector.confidence}",
        f"thresholds {_numbers(thresholds)}" if thresholds else "",
        f"temperatures {_numbers(temperatures)}" if temperatures else "",
    ]


def _deferral(selector: Deferral) -> list[str]:
    lines = [f"answer {selector.answer}"]
    if selector.thresholds:
        lines.append(f"thresholds {_numbers(selector.thresholds)}")
    for rule in selector.rules:
        lines += _rule(rule)
    return lines


def _rule(rule: Rule) -> list[str]:
    if isinstance(rule, Linear):
        words = _numbers((rule.intercept,)), len(rule.weights), _numbers(rule.weights)
        return ["rule linear " + " ".join(map(str, words))]
    return _trees(rule)


def _trees(rule: Trees) -> list[str]:
    lines = [f"rule trees {float(rule.intercept)!r} {len(rule.trees)}"]
    for tree in rule.trees:
        lines.append(f"tree {len(tree.feature)}")
        for node in range(len(tree.feature)):
            leaf = tree.feature[node] < 0
            left, right = (0, 0) if leaf else (tree.left[node], tree.right[node])
            threshold = 0.0 if leaf else float(tree.threshold[node])
            value = float(tree.value[node])
            feature = max(tree.feature[node], -1) + 1
            lines.append(f"node {feature} {threshold!r} {left} {right} {value!r}")
    return lines
