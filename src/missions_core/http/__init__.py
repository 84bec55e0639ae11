"""The HTTP API: routes, who calls, what they may send, what they see, and what errors look like."""
