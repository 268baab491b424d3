"""Makes proved official PDFs from the YAML source of an edition. docs/architecture.md shows the stages."""

import os

# Without this, pydantic searches all installed packages for plugins. That takes a tenth of a run's time, and a plugin
# could change validation.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
