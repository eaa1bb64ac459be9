"""What the README's figures come from: `python -m benchmarks` names each, `small` runs them all on next to nothing."""
