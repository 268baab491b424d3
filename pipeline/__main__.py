"""`python -m pipeline`."""

from .command import main

raise SystemExit(main())
