"""Every item through all editions (経過)."""
