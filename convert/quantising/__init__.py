"""A float32 file becomes one of fewer bits, and stays close to its parent."""
