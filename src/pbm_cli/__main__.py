"""python -m pbm_cli。"""

import sys

from pbm_cli.cli import main

sys.exit(main())
