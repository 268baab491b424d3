"""The report (一覧)."""
