"""Stage 5: reads the finished PDF and open data back, and compares them with the model."""
