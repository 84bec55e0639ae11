"""What can go wrong with the tools: an error whose text is the one line a person needs."""


class ToolError(Exception):
    """A command cannot do what was asked; the message says why and what to do."""
