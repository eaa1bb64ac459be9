"""Stands in for dbt's adapter while sqlfluff renders a model: a dispatched macro reads as a plain value."""


def dispatch(name, macro_namespace=None):
    """A macro of which only the place matters to the linter."""
    return lambda *arguments, **named: "1"
