"""Trains a classifier from scratch or from weights; a killed run goes on."""
