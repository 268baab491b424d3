"""Stage 1: parses bytes into a tree in which every value carries its line and column."""
