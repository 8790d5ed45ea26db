"""`python -m kubehop`."""

from .cli import main

raise SystemExit(main())
