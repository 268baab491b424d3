"""Worker processes, the helper process, progress lines, and the garbage collector."""
