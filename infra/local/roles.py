"""Role policies as the emulator reads them when it enforces them."""

from typing import Any


def name_batch_sends(node: Any) -> None:
    """Allow `sqs:SendMessageBatch` wherever `sqs:SendMessage` is allowed: on AWS the latter is the permission for both calls."""
    if isinstance(node, list):
        for child in node:
            name_batch_sends(child)
    elif isinstance(node, dict):
        if "sqs:SendMessage" in node.get("Action", []) and isinstance(node["Action"], list):
            node["Action"].append("sqs:SendMessageBatch")
        for child in node.values():
            name_batch_sends(child)
