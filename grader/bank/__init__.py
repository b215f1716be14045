"""Broken scripts: clean ones, what can be injected into them, and how a repair is examined."""
