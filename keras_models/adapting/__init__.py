"""Adaptation to lower resolutions: without labels, or of the last layer with them."""
