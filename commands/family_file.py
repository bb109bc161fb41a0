"""family.json and plan.json of a run folder: written by plan, read by label."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.errors import InputError
from datasets.files import write_text
from datasets.user_files import UserFile

if TYPE_CHECKING:
    from keras_models.scoring.score_records import StoredRung
    from selection.arrays import Json
    from selection.plans.family import Family
    from selection.plans.planning import Plan


@dataclass(frozen=True, kw_only=True)
class Held:
    """A family, and where its pictures and rungs come from."""

    family: "Family"
    dataset: str
    split: str
    class_names: tuple[str, ...]
    rungs: "dict[str, Json]"  # what `convert` needs of each rung that a plan may climb
    command: str


def write_family(
    run: Path,
    family: "Family",
    rungs: "Mapping[str, StoredRung]",
    chosen: "StoredRung",
    command: str,
) -> None:
    """Before any label of the certification images is read.

    Args:
        chosen: the reference over the images that certify.
    """
    from selection.plans.planned import rung_facts

    facts = {
        "family": family.to_json(),
        "sha256": family.sha256,
        "dataset": chosen.meta.dataset,
        "split": chosen.meta.split,
        "class_names": list(chosen.class_names),
        "rungs": {
            name: rung_facts(name, rungs[name].meta) for name in _climbed(family)
        },
        "command": command,
    }
    write_text(run / "family.json", json.dumps(facts) + "\n")
    (run / "known.json").unlink(missing_ok=True)  # of another family


def read_family(run: Path) -> Held:
    """What `write_family` wrote.

    Raises:
        InputError: no such file, it is not whole, or it was changed.
    """
    from selection.plans.family import family_from_json

    path = run / "family.json"
    expected = "the `run` folder of a `reswise plan`"
    file = UserFile(path, expected=expected, do="Run `reswise plan` again.")
    facts = file.object()
    with file.shaped():
        family = family_from_json(facts["family"])
        held = Held(
            family=family,
            dataset=str(facts["dataset"]),
            split=str(facts["split"]),
            class_names=tuple(map(str, facts["class_names"])),
            rungs={name: facts["rungs"][name] for name in _climbed(family)},
            command=str(facts["command"]),
        )
    if facts.get("sha256") != family.sha256:
        raise InputError.of(
            path,
            f"was changed after it was written: its SHA-256 is {family.sha256[:12]}, "
            f"not {str(facts.get('sha256'))[:12]}",
            "",
            "The order of plans must not depend on labels; run `reswise plan` again.",
        )
    return held


def _climbed(family: "Family") -> list[str]:
    climbed = [rung for one in family.selectors for rung in one.ladder]
    return sorted({*climbed, family.reference})


def write_plan(run: Path, held: Held, plan: "Plan") -> None:
    """plan.json anew, as the labels known now have it."""
    facts = plan.to_json()
    facts["rungs"] = [held.rungs[name] for name in plan.selector.ladder]
    facts["command"] = held.command
    write_text(run / "plan.json", json.dumps(facts, indent=1) + "\n")
