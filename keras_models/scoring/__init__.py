"""Scores of rungs over images: engines compute them once, a store keeps them."""
