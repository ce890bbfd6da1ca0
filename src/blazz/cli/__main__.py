"""`python -m blazz.cli`: the `blazz` command where it is not on the path."""

from blazz.cli import main

main()
