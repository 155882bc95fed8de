"""What several tests share: where things lie, and the settings of a quick run."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FIXTURES = ROOT / "tests" / "fixtures"
REAL_DATA = Path(os.environ.get("NUWA_TEST_DATA", ROOT / "../shared/data"))
QUICK = {"epochs": 3, "n_hidden": 16, "n_hidden_protein": 8, "n_latent": 4, "batch_size": 64}
