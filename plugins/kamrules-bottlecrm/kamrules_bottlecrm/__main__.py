"""The two commands that come with the plug-in.

python -m kamrules_bottlecrm                prints the book file for BottleCRM
python -m kamrules_bottlecrm fill URL       posts all rows to `kamrules serve` at a URL, before webhooks do
"""

from __future__ import annotations

import os
import sys
from importlib.resources import files

from kamrules.diagnostics import KamrulesError

USAGE = "usage: python -m kamrules_bottlecrm [fill URL]"


def main(words: list[str]) -> int:
    """Do what the words of the command line say, and return the exit status."""
    match words:
        case []:
            book = files("kamrules_bottlecrm").joinpath("book.toml")
            sys.stdout.write(book.read_text(encoding="utf-8"))
            return 0
        case ["fill", url]:
            return _fill(url)
    sys.stderr.write(USAGE + "\n")
    return 2


def _fill(url: str) -> int:
    from kamrules_bottlecrm.filling import fill  # noqa: PLC0415  the network, only now

    token = os.environ.get("KAMRULES_TOKEN", "")
    try:
        refused = fill(url, token, lambda line: print(line, file=sys.stderr))  # noqa: T201
    except KamrulesError as error:
        sys.stderr.write(f"{error}\n")
        return 4
    if refused:
        sys.stderr.write(f"{refused:,} rows were refused\n")
    return 1 if refused else 0


sys.exit(main(sys.argv[1:]))
