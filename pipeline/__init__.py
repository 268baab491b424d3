"""From an edition's YAML source to a proved official PDF: see docs/architecture.md for the line."""

import os

# Pydantic would search every installed package for plugins: a tenth of a run's time, and strangers could change
# what validation means.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
