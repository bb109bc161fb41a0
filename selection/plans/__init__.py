"""Ladders and thresholds are searched, compared, and certified."""
