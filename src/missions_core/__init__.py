"""The missions and rewards core: what every function shares."""

import gc

# What an import creates stays. At 700 new objects, as Python has it, the collector looks through it again and again: 15 % of a cold start.
gc.set_threshold(200_000)
