"""What the figures of docs/benchmarks.md come from: `python -m benchmarks` names each, `small` runs all at once."""
