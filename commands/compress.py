"""Compression without training: what each technique saves, what it loses, what to take.

One row a variant: pruned, clustered, quantised, at a lower resolution, as a cascade, or
several of these in one recipe such as resolution:160+int8. Then the cheapest by bytes,
by MACs and by latency whose drop is certified to be at most --max-drop, or how many
images that would take. What is measured is kept under --run and never measured twice.

Examples:
  reswise compress --model small_resnet --weights glyphs --dataset glyphs --max-drop 2
  reswise compress --model mine.keras --dataset folder:pictures --max-drop 1 \\
      --techniques magnitude:0.5,two_four,resolution:160+int8,cascade
"""

import argparse
from typing import TYPE_CHECKING

from commands import (
    asked,
    compress_files,
    compress_flags,
    convert_inputs,
    echo,
    summary,
)

if TYPE_CHECKING:
    from convert.compressing.variant import Setting

HELP = "compression techniques beside resolution: real savings, and a certified choice"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Model, grid, limits, pictures, run folder."""
    compress_flags.add_flags(parser)


def run(args: argparse.Namespace) -> int:
    """The table, the answers, the front; 0 whether something is certified or not."""
    from keras_models.framework import quiet

    quiet()
    if args.list:
        print(compress_flags.listing())
        return 0
    compress_flags.check(args)
    from convert.compressing.job import compress

    setting = _setting(args)
    source = setting.source
    resolutions = compress_flags.resolutions_of(args.resolutions, source)
    wanted = compress_flags.grid(args.techniques, resolutions, source.model)
    limits = compress_flags.limits(args)
    summary.show(
        setting.judged,
        source.name,
        summary.pixels([setting.preprocessing], [source.native, *resolutions], source),
    )
    outcome = compress(
        setting, wanted.compressions, wanted.cascade, limits, args.max_unreadable
    )
    command = echo.command_line()
    tables, _, written = compress_files.write(
        outcome, setting, wanted.notes, _parent(args), _data(args), command
    )
    for table in tables:  # after the files: a reader such as head may close the pipe
        table.show(wide=args.wide)
    for path in written:
        print(f"wrote {echo.shown(path)}")
    return 0


def _setting(args: argparse.Namespace) -> "Setting":
    from convert.compressing.variant import Setting
    from keras_models.loading import load

    way = convert_inputs.preprocessing(args)
    judged, calibration = convert_inputs.images(args)
    choice = asked.model_choice(args)
    source = load(choice)
    return Setting(
        source=source,
        preprocessing=way,
        judged=asked.fitted_dataset(args, judged, source.name, source.classes),
        calibration=calibration,
        run=args.run,
        trust=choice.trust,
    )


def _parent(args: argparse.Namespace) -> list[str]:
    """The flags that open the parent again."""
    flags = ("model", "weights", "name", "classes", "normalisation", "output_name",
             "output_is", "native_resolution", "custom_objects")  # fmt: skip
    words = _words(args, flags)
    words += ["--alpha", f"{args.alpha:g}"] if args.alpha != 1.0 else []
    return [*words, "--trust-code"] if args.trust_code else words


def _data(args: argparse.Namespace) -> list[str]:
    """The flags that open the same pictures, in `convert` and in `bench`."""
    return _words(args, ("dataset", "split", "data_dir", "class_names", "first_class"))


def _words(args: argparse.Namespace, flags: tuple[str, ...]) -> list[str]:
    given = [(flag, getattr(args, flag)) for flag in flags]
    return [
        word
        for flag, value in given
        if value is not None
        for word in (f"--{flag.replace('_', '-')}", str(value))
    ]
