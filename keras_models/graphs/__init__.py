"""What a graph is made of, how it is applied at another size, and the proof of that."""
