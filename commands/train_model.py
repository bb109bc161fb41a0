"""What `reswise train` begins with: a network by name or file, changed, its teacher."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from commands import asked
from datasets.errors import InputError, ModelError

if TYPE_CHECKING:
    import keras

    from keras_models.pretrained import Pretrained
    from keras_models.training.train import Distilling, Pictures, Settings, Teacher

_PARENT = "parent"  # of --distil: the network before --change


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """What is known before any picture is read."""

    name: str  # of the files that the training leaves
    whole: bool  # whether a .keras file is among them: no known name says the graph
    normalisation: str
    file: "Pretrained | None"  # None: a network of the catalogue
    start: Path | None  # weights of a network of the catalogue; None: random
    sha256: str | None  # of the weights begun with
    teacher: "Pretrained | None"  # of --distil FILE


def beginning(args: argparse.Namespace) -> Beginning:
    """Reads the files that the flags name, and refuses what cannot be.

    Raises:
        InputError: an unknown name, no such file, flags that do not go together.
    """
    from datasets.files import file_sha256
    from keras_models.catalogue import entry
    from keras_models.compression.changes.catalogue import named

    changes = [] if args.change is None else named(args.change)
    file = _opened(args) if _is_file(args.model) else None
    if file is not None:
        name, normalisation = file.name, file.normalisation
        start, sha256 = None, file.weights_sha256
    else:
        normalisation = entry(args.model).normalisation
        name = args.model if args.alpha == 1.0 else f"{args.model}_{args.alpha:g}"
        _refuse_file_flags(args)
        start = _weights(args)
        sha256 = "" if start is None else file_sha256(start)
    teacher = _teacher_file(args, bool(sha256))
    return Beginning(
        name="_".join([name, *(change.name for change in changes)]),
        whole=file is not None or bool(changes),
        normalisation=normalisation,
        file=file,
        start=start,
        sha256=sha256 or None,
        teacher=teacher,
    )


def _is_file(model: str) -> bool:
    """Whether --model is a path; what is neither is refused by the catalogue."""
    from keras_models.catalogue import CATALOGUE

    return model not in CATALOGUE and (bool(Path(model).suffix) or Path(model).exists())


def _opened(args: argparse.Namespace) -> "Pretrained":
    from keras_models.loading import ModelChoice, load

    weights = None if args.start is None else str(args.start)
    return load(
        ModelChoice(
            model=args.model,
            weights=weights,
            normalisation=args.normalisation,
            **asked.file_flags(args),
        )
    )


def _refuse_file_flags(args: argparse.Namespace) -> None:
    for flag in ("normalisation", "class_names"):
        if getattr(args, flag) is not None:
            raise InputError(
                flag,
                getattr(args, flag),
                "it with a model file alone",
                fault=f"`model={args.model}` is a name",
            )


def _weights(args: argparse.Namespace) -> Path | None:
    """Of --start: a file, or the packaged weights of that name."""
    from keras_models.packaged import packaged_weights

    if args.start is None or args.start.is_file():
        return args.start if args.start is None else Path(args.start)
    if args.start.suffix:
        raise InputError("start", args.start, "a weights file", fault="no such file")
    return packaged_weights(args.model, str(args.start), args.alpha).path


def _teacher_file(args: argparse.Namespace, trained: bool) -> "Pretrained | None":
    from keras_models.loading import ModelChoice, load

    if args.distil is None:
        for flag in ("temperature", "distil_weight"):
            if getattr(args, flag) is not None:
                raise InputError(
                    flag,
                    f"{getattr(args, flag):g}",
                    "`distil` too",
                    fault="nothing is distilled",
                )
        return None
    if args.distil != _PARENT:
        return load(ModelChoice(model=args.distil))
    if args.change is None or not trained:
        raise InputError(
            "distil",
            _PARENT,
            "`change`, and trained weights to change: a model file, or `start`",
        )
    return None


def distilling(args: argparse.Namespace, begins: Beginning) -> "Distilling | None":
    """Of --distil, --temperature and --distil-weight."""
    from keras_models.training.train import Distilling

    if args.distil is None:
        return None
    teacher = begins.teacher
    usual = Distilling(
        teacher=str(teacher.weights_sha256 if teacher else begins.sha256)
    )
    return Distilling(
        teacher=usual.teacher,
        temperature=usual.temperature if args.temperature is None else args.temperature,
        weight=usual.weight if args.distil_weight is None else args.distil_weight,
    )


@dataclass(frozen=True, kw_only=True)
class Networks:
    """What one resolution is trained with."""

    model: "keras.Model"
    teacher: "Teacher | None"
    remarks: tuple[str, ...]  # what the change did, for the terminal and the record


def networks(
    args: argparse.Namespace,
    begins: Beginning,
    settings: "Settings",
    resolution: int,
    classes: int,
) -> Networks:
    """The network to train, and its teacher if there is one.

    Raises:
        InputError: a change that does not apply, other classes, another resolution.
    """
    import keras

    from keras_models.compression.changes.catalogue import changed
    from keras_models.training.graph import scores_in_float32
    from keras_models.training.train import Teacher

    keras.utils.set_random_seed(settings.seed)  # the first weights
    parent = _parent(args, begins, resolution, classes)
    model, remarks = parent, tuple[str, ...]()
    if args.change is not None:
        after = changed(parent, args.change)
        model, remarks = after.model, _remarks(after.kept, after.replaced, after.left)
    model.trainable = True  # also what its user had frozen
    if settings.precision != "float32":
        scores_in_float32(model)
    teacher = None
    if begins.teacher is not None:
        teacher = _fitting(begins.teacher, resolution, classes)
    elif args.distil is not None:
        teacher = Teacher(parent, begins.normalisation)
    return Networks(model=model, teacher=teacher, remarks=remarks)


def _parent(
    args: argparse.Namespace, begins: Beginning, resolution: int, classes: int
) -> "keras.Model":
    from keras_models.catalogue import build
    from keras_models.opening.weight_files import load_weights
    from keras_models.rebuilding import unproven

    if begins.file is None:
        model = build(args.model, resolution, classes, args.alpha)
        if begins.start is not None:
            load_weights(model, begins.start)
        return model
    if begins.file.classes != classes:
        raise ModelError.of(
            args.model,
            f"has {begins.file.classes} classes",
            f"the {classes} of the data set",
            f"Give the model a last layer of {classes}.",
        )
    proven = begins.file.at(resolution)
    return unproven(proven, resolution, begins.file.builder)


def _fitting(teacher: "Pretrained", resolution: int, classes: int) -> "Teacher":
    from keras_models.training.train import Teacher

    for what, has, wanted in (
        ("classes", teacher.classes, classes),
        ("pixels", teacher.native, resolution),
    ):
        if has != wanted:
            raise ModelError.of(
                teacher.weights,
                f"is a network of {has} {what}",
                f"the {wanted} of this training",
            )
    return Teacher(teacher.at(resolution), teacher.normalisation)


def _remarks(
    kept: tuple[tuple[int, int], ...], replaced: tuple[str, ...], left: tuple[str, ...]
) -> tuple[str, ...]:
    said = f"changed {len(replaced)} layers; {len(kept)} tensors kept to the bit"
    return (said, *([f"left as they are: {', '.join(left)}"] if left else []))


def taught(networks: Networks, validation: "Pictures") -> dict[str, object]:
    """Prints what the change did and how good the teacher is; the latter for the
    record."""
    from keras_models.training.distilling import teacher_accuracy

    for remark in networks.remarks:
        print(remark, flush=True)
    if networks.teacher is None:
        return {}
    accuracy = round(teacher_accuracy(networks.teacher, validation), 4)
    print(f"teacher: validation accuracy {accuracy}", flush=True)
    return {"teachers_validation_accuracy": accuracy}


def precision_of(args: argparse.Namespace, begins: Beginning) -> str:
    """A model file keeps the precision that its layers have, float32."""
    if begins.file is None:
        return str(args.precision)
    if args.precision == "bfloat16":
        raise InputError(
            "precision",
            args.precision,
            "auto or float32",
            fault="a model file trains in float32",
        )
    return "float32"
