"""One word one idea: names that say nothing, and words that have one meaning.

The real noun stands wherever a body has more than two lines (STYLE): `one`, `found`,
`place` and `it` are for a comprehension that one sees whole.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "datasets",
    "keras_models",
    "selection",
    "convert",
    "android_bench",
    "reports",
    "commands",
    "benchmarks",
    "examples",
)
EMPTY = ("one", "found", "place", "it", "thing")
LINES = 2
# word -> the folders whose idea it is; a class, or a name, of it stands nowhere else
MEANS = {
    "way": ("selection", "commands"),  # how a ladder is climbed: the flag --ways
    "Parts": ("commands",),  # the images that choose, and those that judge
    "Plan": ("selection",),  # a certified plan
    "Source": (),
    "Floats": (),
    "Reals": (),
    "_TOGETHER": (),
    "sides": (),  # a resolution is the side of a square input
}

pytestmark = pytest.mark.checkout
Scope = ast.For | ast.FunctionDef | ast.Lambda | ast.expr
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def _files(*packages: str) -> Iterator[Path]:
    for name in packages or PACKAGES:
        yield from sorted((ROOT / name).rglob("*.py"))


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def _bound_in(path: Path) -> list[tuple[str, int, int]]:
    return list(_bound(_tree(path)))


def _bound(tree: ast.AST) -> Iterator[tuple[str, int, int]]:
    """Every name that is bound: it, its line, and the lines that it is known in."""
    parents = {
        child: parent
        for parent in ast.walk(tree)
        for child in ast.iter_child_nodes(parent)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno, _lines(node, parents)
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno, _lines(node, parents)


def _lines(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> int:
    """Of the comprehension, loop or function that binds it; of a field, none."""
    while node in parents:
        node = parents[node]
        if isinstance(node, ast.ClassDef):
            return 0
        if isinstance(node, (*COMPREHENSIONS, ast.Lambda)):
            return int(node.end_lineno or 0) - node.lineno + 1
        if isinstance(node, ast.For | ast.FunctionDef):
            return _body(node)
    return 0


def _body(node: ast.For | ast.FunctionDef) -> int:
    body = node.body
    if ast.get_docstring(node) if isinstance(node, ast.FunctionDef) else None:
        body = body[1:] or body
    return int(body[-1].end_lineno or 0) - body[0].lineno + 1


def test_a_body_of_more_than_two_lines_has_real_nouns() -> None:
    empty = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in _files()
        for name, line, lines in _bound_in(path)
        if name in EMPTY and lines > LINES
    ]
    assert empty == []


def test_the_rule_sees_what_it_is_for() -> None:
    long = "def f(one):\n a = one\n b = a\n return b\n"
    loop = "for place in x:\n a = place\n b = a\n c = b\n"
    short = "a = [one for one in x]\ndef g(found):\n 'Docs.'\n b = found\n return b\n"
    assert [name for name, _, lines in _bound(ast.parse(long)) if lines > LINES] == [
        "one", "a", "b",
    ]  # fmt: skip
    assert ("place", 1, 3) in set(_bound(ast.parse(loop)))
    assert all(lines <= LINES for _, _, lines in _bound(ast.parse(short)))


def _words(path: Path) -> Iterator[str]:
    yield from (name for name, _, _ in _bound_in(path))
    nodes = ast.walk(_tree(path))
    yield from (node.name for node in nodes if isinstance(node, ast.ClassDef))


@pytest.mark.parametrize("word", MEANS)
def test_a_word_means_one_thing(word: str) -> None:
    elsewhere = [
        path.relative_to(ROOT).as_posix()
        for path in _files()
        if path.relative_to(ROOT).parts[0] not in MEANS[word] and word in _words(path)
    ]
    assert elsewhere == []


def test_records_of_five_fields_are_keyword_only() -> None:
    """Two integers that change places pass mypy."""
    positional = [
        f"{path.relative_to(ROOT)}: {node.name}"
        for path in _files()
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.ClassDef)
        and any("dataclass" in ast.unparse(one) for one in node.decorator_list)
        and not any("kw_only=True" in ast.unparse(one) for one in node.decorator_list)
        and sum(isinstance(field, ast.AnnAssign) for field in node.body) >= 5
    ]
    assert positional == []


def test_an_alias_of_an_array_is_the_same_everywhere() -> None:
    """Float32s is float32, in every file that writes it."""
    meanings: dict[str, set[str]] = {}
    for path in _files():
        for node in _tree(path).body:
            if isinstance(node, ast.Assign) and "NDArray[" in ast.unparse(node.value):
                for target in node.targets:
                    text = ast.unparse(node.value)
                    meanings.setdefault(ast.unparse(target), set()).add(text)
    assert {name: texts for name, texts in meanings.items() if len(texts) > 1} == {}
