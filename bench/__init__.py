"""What the product costs, measured; never shipped."""
