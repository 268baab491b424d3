"""What stage 4 has for speed alone."""
