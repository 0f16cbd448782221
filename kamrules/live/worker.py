"""A worker: decides questions from its standard input by the live engine, in a process that can be spared.

    python -m kamrules.live.worker

Frames are a length in four bytes and so many bytes. A question is a pickle from the process that started this
one; an answer is JSON, since memory that a crash has damaged must not be unpickled.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import struct
import sys
from typing import TYPE_CHECKING, Any, BinaryIO

from kamrules.decision import Earlier
from kamrules.engines.live import LiveEngine, TooLargeError
from kamrules.engines.row import engine_of
from kamrules.live.deciding import (
    ABSENT,
    CRASHED,
    DIFFERED,
    LIVE,
    ROW,
    TOO_LARGE,
    Question,
    answer,
    canonical,
)

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping

    from kamrules.compiler.program import Program
    from kamrules.live.deciding import Answer

LENGTH = struct.Struct(">I")
KEPT = 2
"""So many programs are kept: the one that decides, and the one before a reload."""


def read_frame(source: BinaryIO) -> bytes | None:
    """Return the next frame, None at the end of the input."""
    head = source.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    body = source.read(length)
    return body if len(body) == length else None


def framed(body: bytes) -> bytes:
    """Return a body as a frame."""
    return LENGTH.pack(len(body)) + body


def asked(question: Question, program: bytes | None) -> bytes:
    """Return a question as a worker reads it; with `program`, pickled, when it may not know that yet."""
    earlier = question.earlier
    told = None if earlier is None else earlier.model_dump(by_alias=True)
    return pickle.dumps(
        (question.program.digest, program, dict(question.facts), question.as_of, told),
        pickle.HIGHEST_PROTOCOL,
    )


def answered(found: Answer) -> bytes:
    """Return an answer as it is sent back: a line about it, and the outcome."""
    head = {"inputs": found.inputs, "engine": found.engine, "trouble": found.trouble}
    return canonical(head) + b"\n" + found.outcome.bytes


class Worker:
    """Decides by the programs that it was sent."""

    def __init__(self) -> None:
        self._engines: dict[str, tuple[Program, LiveEngine | None, str | None]] = {}
        self.damaged = False

    def learn(self, digest: str, program: Program) -> None:
        """Get ready to decide by a program; forget the one before the last."""
        engine, trouble = None, None
        try:
            engine = LiveEngine(program)
        except ImportError:
            trouble = ABSENT
        self._engines.pop(digest, None)
        while len(self._engines) >= KEPT:
            old = self._engines.pop(next(iter(self._engines)))[1]
            if old is not None:
                old.close()
        self._engines[digest] = (program, engine, trouble)

    @staticmethod
    def settle() -> None:
        """Take what is held by now, which is much and stays, out of the garbage collector's rounds."""
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 50)

    def warm(self, digest: str, as_of: datetime.date) -> None:
        """Compile the rules in force on a date, so that the first question need not wait for it."""
        program, engine, _ = self._engines[digest]
        engine_of(program).slice(as_of)
        if engine is not None:
            try:
                engine.slice(as_of)
            except (ImportError, TooLargeError):
                return

    def decide(
        self,
        digest: str,
        facts: Mapping[str, Any],
        as_of: datetime.date,
        told: Mapping[str, Any] | None,
    ) -> Answer:
        """Return the live engine's answer, or the row engine's with the reason why."""
        program, engine, trouble = self._engines[digest]
        earlier = None if told is None else Earlier.model_validate(told)
        question = Question(program, facts, as_of, earlier)
        if engine is None:
            return answer(question, engine=ROW, trouble=trouble)
        prepared = engine.row.prepare(facts, strict=False)
        try:
            row, live = engine.both(prepared, as_of, earlier)
        except ImportError:
            return answer(question, engine=ROW, trouble=ABSENT)
        except TooLargeError:
            return answer(question, engine=ROW, trouble=TOO_LARGE)
        except Exception:  # noqa: BLE001  whatever the library raises, its memory is not to be trusted
            self.damaged = True
            return answer(question, engine=ROW, trouble=CRASHED)
        if row != live:
            return answer(question, row, prepared=prepared, engine=ROW, trouble=DIFFERED)
        return answer(question, live, prepared=prepared, engine=LIVE)


def work(source: BinaryIO, sink: BinaryIO) -> None:
    """Answer frames until the input ends, or the library's memory is not to be trusted any more."""
    worker = Worker()
    while not worker.damaged:
        body = read_frame(source)
        if body is None:
            return
        digest, program, facts, as_of, earlier = pickle.loads(body)  # noqa: S301  from who started us
        if program is not None:
            worker.learn(digest, pickle.loads(program))  # noqa: S301  from who started us
        if facts is None:
            worker.warm(digest, as_of)
            worker.settle()
            sink.write(framed(b"ready"))
        else:
            sink.write(framed(answered(worker.decide(digest, facts, as_of, earlier))))
        sink.flush()


def main() -> None:
    """Work until the process that started this one closes the pipe, or ends."""
    # Ctrl-C goes to the whole group: who started this decides when it ends
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sink = os.fdopen(os.dup(1), "wb")
    # what a library prints must not get between the frames
    os.dup2(2, 1)
    work(sys.stdin.buffer, sink)


if __name__ == "__main__":
    main()
