"""Mutation testing: does a small change of the science make a test fail?

make mutations [ARGS="--sample N --seed S --only TEXT --out FILE --table"]

Changes one operator, constant, condition or order of arguments at a time in a copy of the tracked files, and runs the tests
that call the changed function. Prints a count by file and the mutations that no test noticed. Each result is written to
FILE (JSON lines) at once; those that are there already are not run again, so that a night's run can be stopped and
continued. A mutation that does not change what the function does counts as surviving: read it before you write a test
for it.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import mutation_runs  # noqa: E402
from mutation_points import mutations  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
MISSED = ("survived", "no test calls it")


def copied(folder):
    """A copy of the tracked files in `folder`."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in listed.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sample", type=int, help="how many mutations to draw by chance (all)")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--only", default="", help="a part of the names of the files to change")
    parser.add_argument(
        "--out", type=Path, default=ROOT / ".cache/mutations.jsonl", help="the file of results"
    )
    parser.add_argument("--table", action="store_true", help="print the results that are there, run nothing")
    parser.add_argument("--again", action="store_true", help="run again those that survived before")
    options = parser.parse_args()
    results = _known(options.out)
    if options.table:
        return print("\n".join(table(results.values())))
    if options.again:
        results = {key: row for key, row in results.items() if row["outcome"] not in MISSED}
    todo = mutations(ROOT, options.only)
    if options.sample is not None:
        always = [one for one in todo if one.place == "named"]
        others = [one for one in todo if one.place != "named"]
        todo = always + random.Random(options.seed).sample(others, min(options.sample, len(others)))
    run([one for one in todo if _name(one) not in results], results, options.out.resolve())
    print("\n" + "\n".join(table([results[_name(one)] for one in todo])))


def run(todo, results, out):
    """Run the Mutations `todo`, grouped by their tests; results are added to `results` and to the file `out`."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="mutations-") as name:
        folder, n_done = Path(name), 0
        copied(folder)
        os.environ["NUMBA_CACHE_DIR"] = str(folder / ".numba")
        tests = sorted({one.tests for one in todo})
        mutation_runs.load(folder, tests)
        for group in tests:
            code, calls = mutation_runs.watched(folder, group)
            if code:
                sys.exit(f"The tests {group} fail without a mutation: mend them first.")
            for one in (one for one in todo if one.tests == group):
                outcome, seconds = mutation_runs.outcome(folder, one, calls)
                results[_name(one)] = one.key | {"outcome": outcome, "seconds": seconds}
                with out.open("a") as file:
                    file.write(json.dumps(results[_name(one)]) + "\n")
                n_done += 1
                print(f"{n_done}/{len(todo)}  {outcome:<9} {_words(one.key)}", flush=True)
        os.chdir(ROOT)


def _name(mutation):
    return json.dumps(mutation.key)


def _known(path):
    """{key as JSON: result} of the mutations that were run before, the newest result of each."""
    rows = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return {json.dumps({k: row[k] for k in ("file", "function", "place", "change")}): row for row in rows}


def _words(key):
    return f"core/{key['file']}:{key['place']} {key['function']}: {key['change']}"


def table(rows):
    """Lines: how many mutations of each file survived, then which."""
    rows = list(rows)
    yield "| file | mutations | survived |"
    yield "|---|---|---|"
    for name in sorted({row["file"] for row in rows}):
        here = [row for row in rows if row["file"] == name]
        yield f"| {name} | {len(here)} | {sum(row['outcome'] in MISSED for row in here)} |"
    missed = [row for row in rows if row["outcome"] in MISSED]
    yield f"| all | {len(rows)} | {len(missed)} ({len(missed) / max(1, len(rows)):.1%}) |"
    yield ""
    yield from (f"{row['outcome']}: {_words(row)}" for row in missed)


if __name__ == "__main__":
    main()
