"""All that a bench found on one machine: tables and JSON come from this record."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from android_bench.agreement import (
    Agreement,
    Decision,
    KernelDifference,
    between_scores,
    device_agreement,
    kernels,
)
from android_bench.classic import Timings
from android_bench.inputs import Inputs
from android_bench.interpreter import look_chances, rung_scores
from android_bench.machine import Facts
from android_bench.script import LOOK
from android_bench.session import Job, Measured
from android_bench.summary import Line, Savings, lines, savings, shares
from android_bench.tensors import Float32s
from android_bench.trust import Verdict, judge
from convert.bundle import Bundle
from datasets.files import whole_file
from datasets.user_arrays import read_array
from datasets.user_files import UserFile
from selection.selectors.learned import Learned


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One machine's bench."""

    label: str
    on_host: bool
    before: Facts
    after: Facts
    lines: tuple[Line, ...]  # the selector first
    savings: Savings
    shares: Mapping[str, float]
    agreement: Agreement
    kernels: tuple[KernelDifference, ...]
    moved: tuple[Decision, ...]  # images decided otherwise on this machine's scores
    verdict: Verdict
    classic: Mapping[str, Timings]  # rung -> what the classic benchmark_model says

    @property
    def passed(self) -> bool:
        """Whether exit code 0 is due: VALID, and decisions as they must be.

        Another processor's kernels may move an image; this machine's may not.
        """
        agree = self.agreement.whole and not (self.on_host and self.moved)
        return self.verdict.valid and agree

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "valid": self.verdict.valid, "passed": self.passed}


def outcome(
    job: Job,
    measured: Measured,
    label: str,
    facts: tuple[Facts, Facts],
    host: Mapping[str, Float32s],
    classic: Mapping[str, Timings],
) -> Outcome:
    """Everything that is computed from what was measured.

    Args:
        facts: of the machine, before and after.
        host: `host_scores` of the same inputs.
        classic: `run_classic`'s, or empty.
    """
    bundle, inputs = job.bundle, job.inputs
    before, after = facts
    measured_lines = lines(bundle, measured, inputs.labels)
    return Outcome(
        label=label,
        on_host=not before.get("phone", True),
        before=before,
        after=after,
        lines=tuple(measured_lines),
        savings=savings(measured_lines),
        shares=shares(bundle, measured, inputs.images),
        agreement=device_agreement(bundle, measured, inputs.ids),
        kernels=kernels(measured.scores, host),
        moved=between_scores(bundle, measured.scores, host, inputs.ids),
        verdict=judge(measured.passes, job.settings, before, after),
        classic=classic,
    )


def host_scores(bundle: Bundle, inputs: Inputs) -> dict[str, Float32s]:
    """Scores of every rung, and of the look, by this machine's interpreter.

    They are kept beside the packed inputs, under the SHA-256 of their model file.
    """
    scores = {}
    shas = {one.file: one.sha256 for one in bundle.manifest.files}
    for index, rung in enumerate(bundle.manifest.rungs):
        path = inputs.folder / f"host-{shas[rung.file][:16]}-{index}.npy"
        if not path.exists():
            _keep(path, rung_scores(bundle.folder, rung, inputs))
        shape = (inputs.images, rung.classes)
        scores_file = UserFile(path, expected="scores of a rung", do="Delete it.")
        scores[rung.rung] = read_array(scores_file, "f", shape)
    if isinstance(bundle.selector, Learned):
        scores[LOOK] = look_chances(bundle.folder, bundle.manifest, inputs)
    return scores


def _keep(path: Path, scores: Float32s) -> None:
    with whole_file(path) as file:
        np.save(file, scores)
