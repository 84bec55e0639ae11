"""Development and operations: the local stack and the `missions` command."""
