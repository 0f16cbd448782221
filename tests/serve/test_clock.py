"""The book follows the clock, forwards only."""

from __future__ import annotations

import datetime

from kamrules import DataError, Diagnostic
from kamrules.serve.clock import Clock

DAY = datetime.date(2026, 6, 30)


class Book:
    """What the clock needs of a book: its date, and to be told another."""

    def __init__(self, at):
        self.at = at
        self.broken = False

    def tick(self, day):
        if self.broken:
            raise DataError(Diagnostic("KR816", "the store is gone"))
        self.at = day


def followed(book, days):
    """Return what is told while the clock shows one day after the other."""
    told = []
    showing = iter(days)
    clock = Clock(lambda: book.at, book.tick, told.append, lambda: next(showing))
    for _ in days:
        clock.look()
    return told


def test_a_new_day_is_told_to_the_book():
    book = Book(None)
    assert followed(book, [DAY]) == []
    assert book.at == DAY
    assert followed(book, [DAY, DAY + datetime.timedelta(1)]) == []
    assert book.at == DAY + datetime.timedelta(1)


def test_a_clock_that_goes_back_is_told_once_and_moves_nothing():
    book = Book(DAY)
    back = DAY - datetime.timedelta(9)
    assert followed(book, [back, back, back]) == [
        "the clock says 2026-06-21, the book is at 2026-06-30 and stays there until then"
    ]
    assert book.at == DAY


def test_a_store_that_is_gone_is_told_once_and_tried_again():
    book = Book(None)
    book.broken = True
    assert followed(book, [DAY] * 3) == [
        "the book could not be told the new day: the store is gone"
    ]
    book.broken = False
    assert followed(book, [DAY]) == []
    assert book.at == DAY


def test_the_thread_ends_when_it_is_told_to():
    book = Book(None)
    clock = Clock(lambda: book.at, book.tick, print, lambda: DAY)
    clock.start()
    clock.end()
    clock.join(10)
    assert not clock.is_alive()
    assert book.at == DAY
