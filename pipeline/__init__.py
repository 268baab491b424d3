"""Makes proved official PDFs from the YAML source of an edition. docs/architecture.md shows the stages."""

import os
import sys
from types import ModuleType

# Without this, pydantic searches all installed packages for plugins. That takes a tenth of a run's time, and a plugin
# could change validation.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

# Even then its loader of plugins imports importlib.metadata, and with it the email and zipfile packages: a fifteenth of
# `make check`. This module stands in for the loader.
_no_plugins = ModuleType("pydantic.plugin._loader")
vars(_no_plugins)["get_plugins"] = tuple
sys.modules.setdefault(_no_plugins.__name__, _no_plugins)
