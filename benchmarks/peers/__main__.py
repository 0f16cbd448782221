"""The same 45 rules in every engine, on the same machine in the same run: accounts a second and ratios.

    python -m benchmarks.peers                              # books of 1 million accounts
    python -m benchmarks.peers --accounts 1_000_000 10_000_000 --folder /somewhere/large

Nothing is timed before all decide 2,000 accounts alike: class, tier, scores to nine digits, best three
actions. Small engines take dicts and give ids and numbers; queries and kamrules' runs go from Parquet to
Parquet.
"""

from __future__ import annotations

import argparse
import sys

from benchmarks.folders import add_folder, working_folder
from benchmarks.peers.checking import CHECKED, differences, engines, expected
from benchmarks.peers.known import ONE_BY_ONE, WHOLE_BOOKS
from benchmarks.peers.measuring import DECISIONS, OURS, one_by_one, whole_books

GOAL = 1.3
DIFFERENT = """\
The queries write one row an account: id, name, class, tier, two scores, three actions with priorities. The
decisions of kamrules have the first of the actions, moves, what lacks for the next class and tier, and the
nearest miss; its actions are a table of one row each, with owner, due date and a written reason."""


def main() -> int:
    options = argparse.ArgumentParser(
        prog="python -m benchmarks.peers", description=__doc__.partition("\n")[0]
    )
    options.add_argument("--accounts", type=int, nargs="*", default=[1_000_000], metavar="N",
                         help="of the whole books; none to leave them out")  # fmt: skip
    add_folder(options)
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--repeat", type=int, default=3, help="the best of so many is told")
    options.add_argument("--seconds", type=float, default=3.0, help="for each of the small engines")
    given = options.parse_args()
    for peer in (*ONE_BY_ONE, *WHOLE_BOOKS):
        if not peer.is_here:
            print(f"{peer.name}: {peer.needs} is not installed", file=sys.stderr)
    with working_folder(given.folder) as folder:
        accounts, book, ours = expected(folder, CHECKED)
        if not _all_alike(accounts, book, folder, ours):
            return 1
        print(f"{CHECKED:,} accounts decided alike by all")
        _tell_one_by_one(one_by_one(accounts, given.seconds))
        for size in given.accounts:
            _tell_whole_books(size, whole_books(folder, size, given.threads, given.repeat))
    if given.accounts:
        print(DIFFERENT)
    return 0


def _all_alike(accounts, book, folder, ours) -> bool:
    alike = True
    for name, ask in engines(accounts, book, folder):
        if found := differences(ask(), ours):
            alike = False
            print(f"{name} decides {len(found)} differently: {found[0]}", file=sys.stderr)
    return alike


def _tell_one_by_one(found) -> None:
    speeds = dict(found)
    whole, *_, ids = (speeds[name] for name in OURS)
    head = f"{'a second':>12}{'µs each':>10}{'whole':>10}{'ids':>10}"
    print(f"\n{'one account after another':40}{head}")
    for name, speed in found:
        ratios = f"{whole / speed:>8.2f} x{ids / speed:>8.2f} x"
        print(f"{name:40}{speed:>12,.0f}{1e6 / speed:>10.1f}{ratios}")
    print(
        "x: so many times as fast are whole Decisions by kamrules.decide, and its ids and numbers alone"
    )


def _tell_whole_books(size, found) -> None:
    by_hand = min(took for name, took, *_ in found if name in {each.name for each in WHOLE_BOOKS})
    head = f"{'seconds':>9}{'processor':>11}{'a second':>12}{'peak, MB':>10}{'by hand':>10}"
    print(f"\n{f'{size:,} accounts, file to file':40}{head}")
    for name, took, processor, peak in found:
        speed, ratio = size / took, took / by_hand
        print(
            f"{name:40}{took:>9.2f}{processor:>11.2f}{speed:>12,.0f}{peak:>10,.0f}{ratio:>8.2f} x"
        )
    print(
        f"x: so many times as long as the fastest query by hand; the goal for `{DECISIONS}` is {GOAL:g}"
    )


if __name__ == "__main__":
    sys.exit(main())
