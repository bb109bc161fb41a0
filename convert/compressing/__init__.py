"""Compressed variants of one network: made, converted, measured, each kept once."""
