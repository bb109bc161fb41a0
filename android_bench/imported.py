"""An in-app bench, judged here: its decisions, its figures, whether to believe them.

The app kept no scores of rungs, so its decisions are held against the selector's replay
on this machine's scores of the same pictures. Where they differ, the app's decoder, its
resize or its kernels moved an image, or it applies the selector wrongly: which of them,
these lines cannot say. On one machine none may differ.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from android_bench.agreement import Agreement, agreement, replayed
from android_bench.app_results import AppResults
from android_bench.inputs import Inputs, printable
from android_bench.script import SELECTOR
from android_bench.session import Measured
from android_bench.summary import Line, lines, shares
from android_bench.tensors import Float32s
from android_bench.trust import Verdict, judge
from convert.bundle import Bundle
from datasets.errors import DataError


@dataclass(frozen=True, kw_only=True)
class Imported:
    """One in-app bench against the host's replay."""

    label: str
    engine: str
    device: Mapping[str, str]
    line: Line
    decode_ms: float  # mean of an image
    prepare_ms: float
    whole_p50_ms: float  # decode, resize, inference and selector
    whole_p90_ms: float
    shares: Mapping[str, float]
    agreement: Agreement
    missing: int  # pictures of the data set that the app did not run
    unreadable: tuple[str, ...]
    verdict: Verdict

    @property
    def passed(self) -> bool:
        """Whether exit code 0 is due: VALID, and every decision as replayed."""
        return self.verdict.valid and self.agreement.whole

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "valid": self.verdict.valid, "passed": self.passed}


def imported(
    bundle: Bundle, app: AppResults, inputs: Inputs, scores: Mapping[str, Float32s]
) -> Imported:
    """Everything that is computed from an app's lines.

    Args:
        scores: `host_scores` of the inputs.
    Raises:
        InputError: the app ran a picture that the data set does not have.
    """
    places = _places(app, inputs)
    ids = tuple(inputs.ids[place] for place in places)
    own = {name: values[places] for name, values in scores.items()}
    measured = Measured({SELECTOR: app.results}, {})
    labels = [inputs.labels[place] for place in places]
    whole = (app.results.latency_us + app.decode_us + app.prepare_us) / 1e3
    (line,) = lines(bundle, measured, labels)
    return Imported(
        label=app.label,
        engine=app.engine,
        device=app.device,
        line=line,
        decode_ms=float(app.decode_us.mean()) / 1e3,
        prepare_ms=float(app.prepare_us.mean()) / 1e3,
        whole_p50_ms=float(np.percentile(whole, 50)),
        whole_p90_ms=float(np.percentile(whole, 90)),
        shares=shares(bundle, measured, len(ids)),
        agreement=agreement(app.results, replayed(bundle, own, ids), ids),
        missing=inputs.images - len(ids),
        unreadable=app.unreadable,
        verdict=judge({"app": app.results}, app.settings, {}, {}),
    )


def _places(app: AppResults, inputs: Inputs) -> list[int]:
    known = {printable(name): place for place, name in enumerate(inputs.ids)}
    unknown = [name for name in app.ids if name not in known]
    if unknown:
        raise DataError.of(
            f"the app ran {unknown[0][:80]!a}",
            "the data set does not have it "
            f"({len(unknown)} of {len(app.ids)} pictures)",
            "the folder that was on the device, `dataset=folder:PATH`, such as "
            f"{printable(inputs.ids[0])[:80]!a}",
        )
    return [known[name] for name in app.ids]
