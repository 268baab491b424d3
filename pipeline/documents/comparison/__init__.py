"""The comparison of two editions (新旧対照表)."""
