"""Stage 4, for speed alone: `PLAIN=1` turns all of it off."""
