"""Low rank: a convolution, or a dense layer, as two or three that multiply less."""
