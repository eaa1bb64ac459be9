"""From text cells to the raw store: cast by contract, loaded or rejected by name, written once under a content's hash."""
