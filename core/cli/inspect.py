"""python -m core inspect FILE: the content of a file and its data checks, as a table or as JSON."""

import json
import shutil
import textwrap

from core import settings
from core.cli import FAILED, input_files, repairs

SEVERITIES = {"stop": "STOP", "warning": "warning", "note": "note"}
LEAST_WIDTH = 60


def add(parser):
    input_files.add(parser)
    repairs.add(parser)
    parser.add_argument("--json", action="store_true", help="print the whole report as JSON")


def run(arguments):
    """Print the findings; returns 1 where one of them forbids training, else 0."""
    settings.limit_threads()  # before anything below imports numpy's or torch's libraries
    from core.data import checks
    from core.data.normal_form import tidy
    from core.preprocessing import steps
    from core.preprocessing.recipe import offered

    repair_steps = [step.record() for step in repairs.chosen_repairs(arguments)]
    adata = input_files.read_file(arguments)
    if repair_steps:
        adata = tidy(steps.apply(adata, repair_steps), arguments.file)
    report = checks.examine(adata)
    record = report.record() | {"repairs_offered": offered(report.repairs)}
    print(json.dumps(record, indent=2, default=str) if arguments.json else table(arguments.file, record))
    return FAILED if any(finding["severity"] == "stop" for finding in record["findings"]) else 0


def table(name, record, width=None):
    """A report as text: the sizes, then one row for each finding with its evidence and repairs below."""
    width = max(LEAST_WIDTH, width or shutil.get_terminal_size((100, 24)).columns)
    size = f"{record['cells']:,} cells, {record['genes']:,} genes, {len(record['proteins']):,} proteins"
    lines = [name, f"{size}; trains on {record['trains_on']}.", ""]
    for finding in record["findings"]:
        head = f"{SEVERITIES[finding['severity']]:<9}"
        for text in filter(None, (finding["sentence"], finding.get("evidence"), repairs.offer(finding))):
            lines += textwrap.wrap(text, width, initial_indent=head, subsequent_indent=" " * len(head))
            head = " " * 11
    return "\n".join(lines)
