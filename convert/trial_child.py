"""Runs the signatures of one .tflite once, in a process that may die of it.

Started by `convert.trial` as a script: python trial_child.py FILE FOLDER BYTES. FOLDER
has nets.json, a list of {"signature", "subgraph", "shapes"}, and N.npy, images for the
Nth as it takes them; without images it runs on zeros. For each it prints a line when it
begins and one when it has run; the outputs go to N.out.npy, and where "shapes" is true
those of all tensors of its subgraph to N.shapes.json.
"""

import contextlib
import json
import sys

sys.path.pop(0)  # this folder: its modules are no top-level ones

import resource
from pathlib import Path
from typing import Any


def main(file: str, folder: Path, limit: int) -> None:
    """See above."""
    with contextlib.suppress(OSError, ValueError):  # a system may allow less already
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    nets = json.loads((folder / "nets.json").read_text())
    kernels = OpResolverType.BUILTIN
    if any(net["shapes"] for net in nets):  # a delegate keeps those inside to itself
        kernels = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(
        model_path=file, num_threads=1, experimental_op_resolver_type=kernels
    )
    for number, net in enumerate(nets):
        _say(event="begin", net=number)
        _run(interpreter, number, net, folder)
        _say(event="ran", net=number)


def _run(interpreter: Any, number: int, net: dict[str, Any], folder: Path) -> None:
    import numpy as np

    path = folder / f"{number}.npy"
    if not path.exists():
        _with_zeros(interpreter, net["signature"])
        return
    images = np.load(path)
    if not interpreter.get_signature_list():
        run = _only_graph(interpreter, images[0].shape)
    else:
        run = _of_signature(interpreter, net["signature"])
    outputs = np.stack([run(image) for image in images])
    np.save(folder / f"{number}.out.npy", outputs)
    if net["shapes"]:
        shapes = _shapes(interpreter.get_tensor_details(net["subgraph"]))
        (folder / f"{number}.shapes.json").write_text(json.dumps(shapes))


def _of_signature(interpreter: Any, signature: str) -> Any:
    runner = interpreter.get_signature_runner(signature or None)
    (given,) = runner.get_input_details()
    return lambda image: next(iter(runner(**{given: image}).values()))


def _with_zeros(interpreter: Any, signature: str) -> None:
    import numpy as np

    runner = interpreter.get_signature_runner(signature)
    details = runner.get_input_details().items()
    runner(**{name: np.zeros(one["shape"], one["dtype"]) for name, one in details})


def _only_graph(interpreter: Any, shape: tuple[int, ...]) -> Any:
    given = interpreter.get_input_details()[0]["index"]
    if tuple(interpreter.get_input_details()[0]["shape"]) != shape:
        interpreter.resize_tensor_input(given, list(shape))
    interpreter.allocate_tensors()

    def run(image: Any) -> Any:
        interpreter.set_tensor(given, image)
        interpreter.invoke()
        answer = interpreter.get_output_details()[0]["index"]
        return interpreter.get_tensor(answer)

    return run


def _shapes(details: Any) -> dict[int, list[int]]:
    return {
        detail["index"]: [int(resolution) for resolution in detail["shape"]]
        for detail in details
    }


def _say(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
    except Exception as error:
        _say(event="failed", why=f"{type(error).__name__}: {error}")
        sys.exit(1)
