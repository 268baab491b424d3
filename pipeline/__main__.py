"""`python -m pipeline`."""

import gc

# Of the many objects that are made while modules are imported, none is garbage.
gc.set_threshold(50_000)

from .command import main  # noqa: E402

raise SystemExit(main())
