"""reproduce.py: trains a run again from its bundle, and says whether the latent space is the same."""

SCRIPT = '''"""Train this run again and compare: its latent space should be the same to the last bit.

    python reproduce.py [DATA] --out DIR

DATA is the file that was uploaded; without it, the result.h5ad beside this script. Python
needs Nuwa __VERSION__ and what it needs (its requirements.txt): run this with the python of Nuwa's .venv, in Nuwa's folder, or
with NUWA_HOME naming that folder. Ends with 0 where all is the same, 1 where it is not, 2 where it cannot be done.

Run __RUN__, made __MADE__. Settings: config.json; steps before them: recipe.json; versions: versions.json.
"""

import json
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
RECORD = json.loads((HERE / "config.json").read_text())


def home():
    """The folder of Nuwa."""
    for place in (os.environ.get("NUWA_HOME"), os.getcwd()):
        if place and (Path(place) / "core" / "cli" / "verify.py").is_file():
            return str(Path(place).resolve())
    print("Nuwa was not found: run this in its folder, or name that in NUWA_HOME.", file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    sys.path.insert(0, home())
    # Before numpy and torch are loaded: the number of threads decides the order of sums, and so the last bits.
    os.environ.setdefault("NUWA_THREADS", str(RECORD["threads"]))
    from core.cli import main

    sys.exit(main(["verify", str(HERE), *sys.argv[1:]]))
'''


def script(version, run, made_at):
    """The text of reproduce.py."""
    text = SCRIPT
    for placeholder, value in (("__VERSION__", version), ("__RUN__", run), ("__MADE__", made_at)):
        text = text.replace(placeholder, str(value))
    return text
