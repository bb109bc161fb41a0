"""Scores -> a choice: which rung answers which image, at what cost, with what promise.

numpy alone applies a selector; scipy certifies; scikit-learn fits. No framework.
"""
