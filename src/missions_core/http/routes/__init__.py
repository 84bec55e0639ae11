"""Route handlers, one module per function."""
