"""What a run tells of itself: run.json, and the warnings that come from counting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamrules.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kamrules.contracts import Decided
    from kamrules.engines.sql import BookDecisions
    from kamrules.output import OutputFolder
    from kamrules.run.work import Work


def report_of(
    work: Work, decisions: BookDecisions | Decided, counts: dict[str, Any], files: tuple[str, ...]
) -> dict[str, Any]:
    """Return what stands in run.json; only `durations` differ between two equal runs."""
    from kamrules import __version__  # noqa: PLC0415  which imports nothing

    order, program, book = work.order, work.program, work.book
    return {
        "kamrules": __version__,
        "ruleset": {
            "name": program.name,
            "version": program.version,
            "digest": program.digest,
            "settings": dict(order.settings),
            "files": list(work.ruleset.files),
        },
        "as_of": work.as_of.isoformat(),
        "book": {"name": book.name, "file": book.file, "currency": book.currency},
        "state": None if order.state is None else str(order.state),
        "language": work.language,
        "engine": work.engine_name,
        "format": order.format,
        "top": order.top,
        "accounts": decisions.accounts,
        "counts": counts,
        "quality": decisions.quality.as_json(),
        "warnings": [each.as_json() for each in work.warnings],
        "files": list(files),
        "durations": work.durations,
    }


def write_cutoffs(decisions: BookDecisions | Decided, output: OutputFolder) -> tuple[str, ...]:
    """Write what places a single account in this book later, if the ruleset compares accounts."""
    from kamrules.engines.cutoffs import FILE  # noqa: PLC0415

    cutoffs = decisions.cutoffs()
    if cutoffs is None:
        return ()
    try:
        cutoffs.write(output.folder / FILE)
    except OSError as error:
        raise output.failure(error) from error
    return (FILE,)


def faults(counts: Mapping[str, Any]) -> Iterator[Diagnostic]:
    """Yield a warning for each way in which the ruleset fails to place accounts."""
    for each in counts.get("faults", ()):
        some = ", ".join(f"`{account}`" for account in each["examples"])
        number = each["accounts"]
        noun = "account" if number == 1 else "accounts"
        message = f"the ruleset fails for {number:,} {noun}: {each['fault']} ({some})"
        yield Diagnostic("KR807", message, Severity.WARNING)
