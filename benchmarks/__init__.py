"""What the README's figures come from: `python -m benchmarks refresh` and `python -m benchmarks land`."""
