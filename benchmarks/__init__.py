"""What it costs to store and to ask, beside the same data in a plain SQL table: `python -m benchmarks`."""
