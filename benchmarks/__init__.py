"""What the README's figures come from: `python -m benchmarks` names each; `small` runs all of them on next to nothing."""
