"""Structured channel pruning: whole channels go, and the graph shrinks for real."""
