"""The rules of the game: pure functions over one player's state. No I/O, no AWS, no clock (`now` is an argument)."""
