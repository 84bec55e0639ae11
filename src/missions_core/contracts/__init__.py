"""What other services may rely on: the schemas of the integration events we publish."""
