"""Stage 5: the finished PDF is read back and compared with the model."""
