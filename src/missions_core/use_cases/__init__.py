"""What the product does, as plain functions: stores first, then ids, then the server's clock."""
