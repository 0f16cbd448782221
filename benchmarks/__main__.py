"""All benchmarks, one after another: `python -m benchmarks`. The largest batch takes minutes."""

from __future__ import annotations

import sys

from benchmarks import batch, databases, decide, differences, nearest, startup
from benchmarks.live import engines, service
from benchmarks.peers import __main__ as peers

if __name__ == "__main__":
    for each in (startup, decide, nearest, differences, engines, service, databases, peers, batch):
        print(f"\n{each.__name__}")
        if failed := each.main():
            sys.exit(failed)
