"""The missions and rewards core: what every function shares."""
