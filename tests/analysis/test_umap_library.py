"""umap-learn without pynndescent: what is loaded, and that a search by pynndescent still works beside it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROBE = """
import sys
from core.analysis import umap_library

module = umap_library.umap_()
assert not [name for name in sys.modules if name.startswith("pynndescent")]  # its stand-in is gone, too
assert module is umap_library.umap_() and module.UMAP
for function in (module.smooth_knn_dist, module.compute_membership_strengths):
    print(type(function._cache).__name__)
"""


def test_umap_is_loaded_without_pynndescent_and_keeps_its_compiled_code():
    done = subprocess.run([sys.executable, "-c", PROBE], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) <= {"FunctionCache", "NullCache"} and "FunctionCache" in done.stdout
