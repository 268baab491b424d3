"""Stage 6: what passed its proof is written to out/."""
