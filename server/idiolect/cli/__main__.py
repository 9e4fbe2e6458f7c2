"""``python -m idiolect.cli`` is the same as ``idiolect``."""

import sys

from idiolect.cli import main

sys.exit(main())
