"""Stage 4's own room: HTML is laid out and drawn by WeasyPrint as it is used here, with tags of our making."""
