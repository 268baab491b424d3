"""The counts of an edition with their chart (集計表)."""
