"""A list in a foreign workbook or CSV becomes a source (`make adopt`)."""
