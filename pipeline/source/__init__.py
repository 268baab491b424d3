"""Stage 1: bytes become a tree in which every value knows its place."""
