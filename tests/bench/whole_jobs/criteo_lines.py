"""Prints made-up lines in the Criteo format: a label, 13 whole numbers, 26 hexadecimal ids, of which few are frequent.

  criteo_lines.py LINES [SEED]
"""

import random
import sys

IDS_PER_FEATURE = 10_000_000
LINE = "%d" + "\t%d" * 13 + "\t%08x" * 26 + "\n"


def line(draw):
    """The id that is r-th in frequency is one of r's share of all: IDS_PER_FEATURE ** u for even u."""
    numbers = [int(1000 ** draw()) - 1 for _ in range(13)]
    ids = [int(IDS_PER_FEATURE ** draw()) * 2654435761 % 2**32 for _ in range(26)]
    return LINE % (draw() < 0.25, *numbers, *ids)


def main():
    draw = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1).random
    for _ in range(int(sys.argv[1])):
        sys.stdout.write(line(draw))


if __name__ == "__main__":
    main()
