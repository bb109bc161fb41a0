"""Everything that reswise reads of strangers, a target each."""

from tests.fuzz.target import Target
from tests.fuzz.targets.bundles import MANIFESTS, TFLITE, VERIFIED
from tests.fuzz.targets.files import PICTURES, RECORDS, TABLES
from tests.fuzz.targets.flags import FLAGS
from tests.fuzz.targets.folders import FOLDERS, PLANS
from tests.fuzz.targets.models import MODELS
from tests.fuzz.targets.phones import ADB, APP, RUNNER

TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        PICTURES, TFLITE, VERIFIED, MANIFESTS, PLANS, FOLDERS, TABLES, RECORDS, ADB,
        APP, MODELS, FLAGS, RUNNER,
    )
}  # fmt: skip
