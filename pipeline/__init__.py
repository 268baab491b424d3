"""From an edition's YAML source to a proved official PDF: see docs/architecture.md for the line."""
