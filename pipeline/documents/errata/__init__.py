"""The list of corrections (正誤表)."""
