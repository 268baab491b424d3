"""Stage 2: the edition, its rules, validation and JSON Schema."""
