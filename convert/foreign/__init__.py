"""A .tflite that others made becomes a bundle of one rung, as it is."""
