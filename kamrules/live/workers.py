"""Workers: the live engine in processes of its own, which can be spared when durable-rules fails.

A crash or a hang costs the one question that was being decided a second try, by the row engine and here; the
answer says so. Accounts belong to workers by their id, and a worker decides one question after another.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import pickle
import select
import subprocess
import sys
import threading
import time
import zlib
from collections import Counter
from typing import IO, TYPE_CHECKING, Any

from kamrules.diagnostics import Diagnostic, UsageError
from kamrules.live.deciding import CRASHED, HUNG, LIVE, ROW, STARTING, Answer, Outcome, answer
from kamrules.live.worker import KEPT, LENGTH, asked, framed

if TYPE_CHECKING:
    from typing import Self

    from kamrules.compiler.program import Program
    from kamrules.live.deciding import Question

TIMEOUT = 2.0
"""Seconds after which a worker counts as hung; one decision takes a few thousandths."""
STARTING_TIMEOUT = 60.0
RECYCLED_AFTER = 100_000
"""So many questions a worker decides before a fresh one takes its place."""
MOST_BYTES = 64 * 1024 * 1024
_ACCOUNT = "account_id"
KEEPING = {"MALLOC_MMAP_THRESHOLD_": "268435456", "MALLOC_TRIM_THRESHOLD_": "268435456"}
"""What tells glibc to keep memory: a session takes megabytes, and fetching them anew doubles its cost."""


class LostError(Exception):
    """A worker ended, or did not answer in time: `trouble` says which."""

    def __init__(self, trouble: str) -> None:
        super().__init__(trouble)
        self.trouble = trouble


class _Process:
    """One worker process and the two ends of its pipes that are ours."""

    def __init__(self) -> None:
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(each for each in sys.path if each),
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "kamrules.live.worker"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment,
        )  # fmt: skip
        self.programs: dict[str, None] = {}
        self.decided = 0
        self.waiting = False

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    @property
    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        source, sink = self._process.stdout, self._process.stdin
        assert source is not None
        assert sink is not None
        return source, sink

    def knows(self, digest: str) -> None:
        """Note that it was sent a program: it forgets the one before the last, and so does this."""
        self.programs.pop(digest, None)
        while len(self.programs) >= KEPT:
            del self.programs[next(iter(self.programs))]
        self.programs[digest] = None

    def send(self, body: bytes) -> None:
        """Send a frame. Raises LostError when nobody reads it any more."""
        try:
            sink = self._pipes[1]
            sink.write(framed(body))
            sink.flush()
        except (OSError, ValueError) as error:
            raise LostError(CRASHED) from error

    def receive(self, timeout: float) -> bytes:
        """Return the next frame. Raises LostError when the process ends, or none comes in time."""
        deadline = time.monotonic() + timeout
        (length,) = LENGTH.unpack(self._read(LENGTH.size, deadline))
        if length > MOST_BYTES:
            raise LostError(CRASHED)
        return self._read(length, deadline)

    def _read(self, size: int, deadline: float) -> bytes:
        source = self._pipes[0].fileno()
        poll = select.poll()
        poll.register(source, select.POLLIN)
        found = bytearray()
        while len(found) < size:
            if not poll.poll(max(deadline - time.monotonic(), 0) * 1000):
                raise LostError(HUNG)
            part = os.read(source, size - len(found))
            if not part:
                raise LostError(CRASHED)
            found += part
        return bytes(found)

    def warm(self, program: Program, as_of: datetime.date) -> None:
        """Send a program ahead of its first question; the answer is not waited for here."""
        told = pickle.dumps(program, pickle.HIGHEST_PROTOCOL)
        parts = (program.digest, told, None, as_of, None)
        self.send(pickle.dumps(parts, pickle.HIGHEST_PROTOCOL))
        self.knows(program.digest)
        self.waiting = True

    def is_ready(self) -> bool:
        """Whether what was sent ahead has arrived. Raises LostError when the process has ended."""
        if self.waiting:
            try:
                self.receive(0.0)
            except LostError as lost:
                if lost.trouble == HUNG:
                    return False
                raise
            self.waiting = False
        return True

    def end(self) -> None:
        """Let the process end, by force if need be."""
        for pipe in self._pipes:
            with contextlib.suppress(OSError):
                pipe.close()
        self._process.kill()
        self._process.wait()


class _Worker:
    """A place for one process after another; used by one thread at a time."""

    def __init__(self, timeout: float, recycled_after: int) -> None:
        self.lock = threading.Lock()
        self.timeout = timeout
        self.recycled_after = recycled_after
        self.process: _Process | None = None
        self.next: _Process | None = None
        self.counts: Counter[str] = Counter()

    def warm(self, program: Program, as_of: datetime.date) -> None:
        """Start a process that will know the program; one that is there answers until it is ready."""
        with self.lock:
            self._drop_next()
            self._start(program, as_of)

    def is_warm(self) -> bool:
        """Whether the process that was started last can answer and has taken its place, or has ended."""
        with self.lock:
            self._promote()
            return self.next is None

    def _start(self, program: Program, as_of: datetime.date) -> None:
        self.next = _Process()
        self.counts["started"] += 1
        with contextlib.suppress(LostError):
            self.next.warm(program, as_of)

    def decide(self, question: Question) -> Answer:
        """Return the worker's answer, or the row engine's with the reason why."""
        with self.lock:
            found = self._asked(question)
        self.counts[found.engine if found.trouble is None else found.trouble] += 1
        return found

    def _asked(self, question: Question) -> Answer:
        process = self._present(question)
        if process is None:
            return answer(question, engine=ROW, trouble=STARTING)
        program = None
        if question.program.digest not in process.programs:
            program = pickle.dumps(question.program, pickle.HIGHEST_PROTOCOL)
        try:
            process.send(asked(question, program))
            # a program that is new to it has to be compiled first
            found = _read(process.receive(self.timeout if program is None else STARTING_TIMEOUT))
        except LostError as lost:
            self._replace(question)
            return answer(question, engine=ROW, trouble=lost.trouble)
        if program is not None:
            process.knows(question.program.digest)
        process.decided += 1
        if found.trouble == CRASHED:
            self._replace(question)
        elif process.decided >= self.recycled_after and self.next is None:
            self._start(question.program, question.as_of)
        return found

    def _present(self, question: Question) -> _Process | None:
        """Return the process to ask, a fresh one if that is ready; None while there is none."""
        self._promote()
        if self.process is None and self.next is None:
            self._start(question.program, question.as_of)
        return self.process

    def _promote(self) -> None:
        """Put the next process in its place, once it can answer."""
        if self.next is None:
            return
        try:
            if self.next.is_ready():
                self._end()
                self.process, self.next = self.next, None
        except LostError:
            self._drop_next()

    def _drop_next(self) -> None:
        if self.next is not None:
            self.next.end()
            self.next = None

    def _replace(self, question: Question) -> None:
        self._end()
        if self.next is None:
            self._start(question.program, question.as_of)

    def _end(self) -> None:
        if self.process is not None:
            self.process.end()
            self.process = None

    def close(self) -> None:
        """End the processes."""
        with self.lock:
            for each in (self.process, self.next):
                if each is not None:
                    each.end()
            self.process = self.next = None


class WorkerPool:
    """A Decider whose accounts are decided by the live engine, in `count` processes.

    `timeout` (seconds): a worker that takes longer counts as hung and is killed. After `recycled_after`
    questions a worker makes room for a fresh one, which is started beforehand. While one is being replaced
    the row engine decides here. Without durable-rules the workers decide by the row engine.

    Raises UsageError for a count below 1, and where workers cannot be watched (Windows).
    """

    def __init__(
        self, count: int = 1, *, timeout: float = TIMEOUT, recycled_after: int = RECYCLED_AFTER
    ) -> None:
        if count < 1:
            raise UsageError(Diagnostic("KR856", f"{count} workers cannot decide anything"))
        if not hasattr(select, "poll"):
            message = "worker processes cannot be watched on this system"
            mend = "let the row engine decide: `--workers 0`"
            raise UsageError(Diagnostic("KR857", message, help=mend))
        self._workers = [_Worker(timeout, recycled_after) for _ in range(count)]

    def prepare(self, program: Program, as_of: datetime.date | None = None) -> None:
        """Start workers that know the program, and wait until they can answer (a minute at most).

        Questions are answered meanwhile, by the workers that were there before. Rules are compiled as they
        are in force on `as_of`.
        """
        for each in self._workers:
            each.warm(program, as_of or datetime.date.max)
        deadline = time.monotonic() + STARTING_TIMEOUT
        while time.monotonic() < deadline and not all(each.is_warm() for each in self._workers):
            time.sleep(0.01)

    def decide(self, question: Question) -> Answer:
        """Return the answer of the worker to which the account belongs."""
        account = str(question.facts.get(_ACCOUNT, "")).encode("utf-8", "surrogatepass")
        return self._workers[zlib.crc32(account) % len(self._workers)].decide(question)

    @property
    def described(self) -> dict[str, Any]:
        """What it is and how it fares: answers by engine and trouble, processes started so far."""
        counts: Counter[str] = Counter()
        for each in self._workers:
            counts += each.counts
        return {
            "engine": LIVE,
            "workers": len(self._workers),
            "counts": dict(sorted(counts.items())),
        }

    @property
    def pids(self) -> list[int]:
        """The numbers of the processes that decide at present."""
        return [each.process.pid for each in self._workers if each.process is not None]

    def close(self) -> None:
        """End the processes."""
        for each in self._workers:
            each.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _read(body: bytes) -> Answer:
    """Return an answer as a worker sent it. Raises LostError for what is none."""
    try:
        head, _, outcome = body.partition(b"\n")
        return Answer(outcome=Outcome.read(outcome), **json.loads(head))
    except (ValueError, TypeError, KeyError) as error:
        raise LostError(CRASHED) from error
