"""`kamrules code KR208`: what a code means, with an example that has the problem and one without."""

from __future__ import annotations

import textwrap
from typing import Any

import click

from kamrules.cli.terminal import WIDTH, put
from kamrules.diagnostics import Diagnostic, UsageError, nearest


@click.command(
    short_help="Tell what the code of an error means.", epilog="Example: kamrules code KR208"
)
@click.argument("code", required=False)
def command(code: str | None) -> None:
    """Tell what CODE, such as KR208, means and how to mend what it is about.

    Without CODE: list all codes.
    """
    from kamrules.pages import codes, page  # noqa: PLC0415  `--help` does without it

    known = codes()
    if code is None:
        put("\n".join(f"{each}  {page(each)['title']}" for each in known))
        return
    wanted = code.upper()
    if wanted not in known:
        near = nearest(wanted, known)
        mend = f"did you mean `{near}`?" if near else "`kamrules code` lists them"
        raise UsageError(Diagnostic("KR806", f"there is no code `{code}`", help=mend))
    put(_text(wanted, page(wanted)))


def _text(code: str, page: dict[str, Any]) -> str:
    parts = [f"{code}: {page['title']}", _wrapped(page["why"]), _wrapped(page["mend"])]
    for key, heading in (("bad", "An example that has the problem"), ("good", "Mended")):
        if key in page:
            parts.append(f"{heading} (kamrules {page[key].get('command', 'check rules.toml')}):")
            parts += [_file(name, text) for name, text in page[key]["files"].items()]
    return "\n\n".join(parts)


def _wrapped(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), WIDTH)


def _file(name: str, text: str) -> str:
    return f"  # {name}\n{textwrap.indent(text.strip(), '  ')}"
