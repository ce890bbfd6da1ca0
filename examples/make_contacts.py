"""Make synthetic contacts: `python examples/make_contacts.py --rows 10000 > contacts.csv`."""

from __future__ import annotations

import argparse
import sys

from blazz.sandbox.contacts import write_contacts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10)
    write_contacts(sys.stdout, parser.parse_args().rows)


if __name__ == "__main__":
    main()
