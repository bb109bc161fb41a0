"""How a rung's output is read: whatever it gives -> (classes,) probabilities.

`convert.running.probabilities` does it; in the same way, in doubles that are rounded
to float32, the runner (`android_bench/runner/runner.c`) and the app's classes
(`Scores.java` of android_app).
"""

PROBABILITIES = "probabilities"  # one a class, as they come
LOGITS = "logits"  # softmax of them
ONE_PROBABILITY = "one_probability"  # of class 1: (1 - p, p), p in 0..1
ONE_LOGIT = "one_logit"  # its logistic is that probability
KINDS = (PROBABILITIES, LOGITS, ONE_PROBABILITY, ONE_LOGIT)
OF_ONE_UNIT = (ONE_PROBABILITY, ONE_LOGIT)


def classes(outputs: int, kind: str) -> int:
    """Of so many outputs."""
    return 2 if kind in OF_ONE_UNIT else outputs
