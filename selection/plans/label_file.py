"""The files of labelling: what is known so far, and the answers that a person gave.

`known.json` beside plan.json holds labels and classes that are ruled out, by image id.
Answers come as CSV with the columns id, first_index, second_index and answer, which is
first, second, neither (1, 2, 0 for short) or empty.
"""

import csv
import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass

from datasets.errors import InputError
from datasets.limits import MOST_CLASSES
from datasets.shown import in_csv, name_bytes
from datasets.user_files import UserFile
from datasets.user_tables import read_rows
from selection.arrays import Json
from selection.plans.family import Family
from selection.plans.known import FIRST, NEITHER, SECOND, Known

COLUMNS = ("id", "file", "first", "second", "answer", "first_index", "second_index")
_WORDS = {
    FIRST: FIRST, SECOND: SECOND, NEITHER: NEITHER,
    "1": FIRST, "2": SECOND, "0": NEITHER,
}  # fmt: skip


@dataclass(frozen=True)
class Question:
    """Two answers of one picture; which stands first says nothing of whose it is."""

    row: int  # of the certification images
    first: int  # class
    second: int


def questions(family: Family, known: Known) -> list[Question]:
    """What may still change the plan, the best to ask first.

    The open images of the first plan that is not settled, then of those after it that
    labels could still reach; a picture once.
    """
    here = family.standing(known)
    asked: dict[int, Question] = {row: _question(family, here.passed, row)
                                  for row in here.open}  # fmt: skip
    for plan in range(here.passed + 1, here.reachable):
        for row in family.open_rows(plan, known):
            asked.setdefault(row, _question(family, plan, row))
    return list(asked.values())


def _question(family: Family, plan: int, row: int) -> Question:
    pair = (int(family.reference_answers[row]), int(family.answers[plan, row]))
    digest = hashlib.sha256(name_bytes(family.ids[row])).digest()
    return Question(row, *(pair if digest[0] % 2 else pair[::-1]))


def questions_csv(
    family: Family, asked: Sequence[Question], names: Sequence[str], folder: str
) -> str:
    """to_label.csv: the answers by name, and a column to fill."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for question in asked:
        name = family.ids[question.row]
        pair = names[question.first], names[question.second]
        texts = (name, folder + name, *pair)
        table.writerow((*map(in_csv, texts), "", question.first, question.second))
    return text.getvalue()


def read_answers(family: Family, known: Known, file: UserFile) -> int:
    """Adds the answers of a CSV to what is known; returns how many there were.

    Raises:
        InputError: columns missing, an unknown image, class or word, or answers that
            contradict one another.
    """
    table = read_rows(file)
    needed = {"id", "first_index", "second_index", "answer"}
    if not needed <= set(table.columns):
        raise InputError.of(
            file.where,
            f"has the columns {', '.join(table.columns)[:200]}",
            f"{', '.join(sorted(needed))}, as in to_label.csv",
        )
    rows = {in_csv(name): row for row, name in enumerate(family.ids)}
    rows |= {name: row for row, name in enumerate(family.ids)}
    count = 0
    for row in table.rows:
        line, cells = f"{file.where} line {row.number}", row.cells
        word = cells["answer"].strip().lower()
        if not word:
            continue
        if word not in _WORDS:
            raise InputError.of(
                line, f"answer {word[:20]!r}", "first, second, neither or nothing"
            )
        if cells["id"] not in rows:
            raise InputError.of(
                line, f"{cells['id'][:80]!r} is no certification image of this plan"
            )
        pair = (
            _index(cells["first_index"], line),
            _index(cells["second_index"], line),
        )
        try:
            known.say(rows[cells["id"]], pair, _WORDS[word])
        except InputError as error:
            raise InputError.around(line, error) from None
        count += 1
    return count


def _index(text: str, where: str) -> int:
    number = text.isascii() and text.isdecimal() and len(text) < 10
    if not number or int(text) >= MOST_CLASSES:
        raise InputError.of(where, f"class {text[:20]!r}", "its number")
    return int(text)


def known_json(family: Family, known: Known) -> str:
    """What is known, by image id."""
    labels = {
        family.ids[row]: int(label)
        for row, label in enumerate(known.labels)
        if label >= 0
    }
    ruled = {family.ids[row]: sorted(out) for row, out in known.ruled_out.items()}
    facts: Json = {"family_sha256": family.sha256, "labels": labels, "ruled_out": ruled}
    return json.dumps(facts, indent=1, sort_keys=True) + "\n"


def read_known(family: Family, file: UserFile) -> Known:
    """What `known_json` wrote.

    Raises:
        InputError: it is of another family, or not whole.
    """
    facts = file.object()
    with file.shaped():
        if facts["family_sha256"] != family.sha256:
            raise InputError.of(
                file.where,
                "holds labels of another plan",
                "those of this family.json",
                "Delete it, or run `reswise plan` again.",
            )
        known = Known.nothing(len(family.ids))
        rows = {name: row for row, name in enumerate(family.ids)}
        for name, label in facts["labels"].items():
            known.labels[rows[name]] = int(label)
        for name, out in facts["ruled_out"].items():
            known.ruled_out[rows[name]] = set(map(int, out))
    return known
