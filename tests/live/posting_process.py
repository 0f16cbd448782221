"""A process that posts orders to a store until it is killed; it prints the key of each that was answered."""

from __future__ import annotations

import os
import sys
from threading import Thread

from tests.live.living import event, live, order


def work(book, account, first):
    for number in range(first, 100_000):
        key = f"{account}/{number}"
        book.post(order(account, number, key=key))
        os.write(1, f"{key}\n".encode())


def main():
    book = live(sys.argv[1])
    for account in "AB":
        book.post(event(account, key=account))
    threads = [Thread(target=work, args=(book, each, int(sys.argv[2]))) for each in "AB"]
    for each in threads:
        each.start()


main()
