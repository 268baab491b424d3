"""`python -m pipeline`."""

import gc
import os

# Of the many objects that are made while modules are imported, none is garbage.
gc.set_threshold(50_000)
# pydantic looks through all packages for its plugins, and lets them take part in validation.
os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"

from .cli.command import main  # noqa: E402

code = main()
# Python would go through everything once more before it ends.
gc.freeze()
raise SystemExit(code)
