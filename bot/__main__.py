"""``python -m bowerbird.bot`` is the console command."""

from __future__ import annotations

import sys

from bowerbird.bot.cli import main

sys.exit(main())
