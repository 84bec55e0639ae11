"""The same missions the common way, to compare with: an item per mission, a write per mission per message, a record per request."""
