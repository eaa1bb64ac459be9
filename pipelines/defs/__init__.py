"""Dagster definitions, one folder a concern: the domains that are landed, transform, publish, automation."""
