"""A user's file becomes a classifier of RGB pictures with scores that are meant."""
