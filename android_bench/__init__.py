"""A bundle on a phone, over adb, or on this machine: the selector over real pictures.

Runs with numpy and LiteRT's interpreter; no framework is imported.
"""
