"""Label-free adaptation to lower resolutions, by the model's own native scores."""
