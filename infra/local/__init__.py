"""The local stack: the real template.yaml on an AWS emulator, in a process of its own."""
