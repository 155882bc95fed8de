"""python -m core COMMAND: Nuwa without a browser."""

import os
import sys
import warnings

from core.cli import main

if __name__ == "__main__":
    # What libraries warn of is for programmers; the processes that a command starts keep to it as well.
    warnings.simplefilter("ignore")
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    sys.exit(main(sys.argv[1:]))
