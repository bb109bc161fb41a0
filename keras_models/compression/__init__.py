"""Compression of a trained network: one technique a file, all of one contract."""
