"""Keybook."""
