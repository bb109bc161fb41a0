"""Changes of architecture: a module in each convolution's place, most weights kept."""
