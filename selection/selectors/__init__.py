"""What chooses a rung for an image, one technique a file."""
