"""make bench: speed, large data and the wait for clusters, one after another, and at the end one table of their targets.

Each part prints its measurements and can be run alone; the loops of every ratio run in turns.
"""

from bench import speed  # isort: skip  it sets threads before the science is loaded
from bench import clock, large
from bench.bars import table

PARTS = {
    "The loop beside the one people use today, and SCVI": speed,
    "Large data": large,
    "From Train to clusters": clock,
}


def main():
    bars = []
    for title, part in PARTS.items():
        print(f"\n{title}\n", flush=True)
        bars += part.main([])
    print("\nAll bars\n")
    print("\n".join(table(bars)))


if __name__ == "__main__":
    main()
