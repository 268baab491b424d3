"""Stage 6: writes proved documents to out/."""
