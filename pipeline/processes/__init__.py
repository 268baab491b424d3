"""Workers, the helper process, and progress."""
