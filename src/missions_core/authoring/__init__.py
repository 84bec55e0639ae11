"""Catalog authoring: folders of YAML are validated with explanations and compiled to the snapshots the runtime reads."""
