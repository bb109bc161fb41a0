"""One family a file: build(name, resolution, classes, alpha) -> keras.Model."""
