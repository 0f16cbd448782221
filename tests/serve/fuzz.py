"""Asking the service all that its OpenAPI document allows, and what it does not: it answers as that says.

    python -m tests.serve.fuzz --examples 2000

asks so many times for each operation, in each of the two ways.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from kamrules.serve.cloud_events import BATCH
from tests.serve.scene import TOKEN, served

if TYPE_CHECKING:
    from tests.serve.scene import Asked

ANY = {"type": ["string", "number", "boolean", "null"]}
CELLS = dict.fromkeys(("name", "amount", "date", "other"), ANY) | {
    "sector": {"enum": ["steel", "paper", 1]}
}
FEW = ["ACME", "a/b", "客户", "C"]
WAYS = {"allowed": GenerationMode.POSITIVE, "wrong": GenerationMode.NEGATIVE}
HEADERS = {"authorization": f"Bearer {TOKEN}"}
UNCHECKED = (
    # a book that lacks the account, the action or the table answers 404 or 422 to what has the right form
    "positive_data_acceptance",
)
IN_BATCHES = ("negative_data_rejection",)
"""A batch is answered as a whole, and a wrong event of it in its own result."""


def operations(asked: Asked, way: str):
    """Return the operations of a service by name, in one of the two ways."""
    document = asked.client.get("/openapi.json").json()
    for methods in document["paths"].values():
        for one in methods.values():
            # each request has the token, and one that was made without would be taken for wrong;
            # test_refusing asks without
            one.pop("security", None)
    if way == "allowed":
        # names made up would never be those of the ruleset, and every event would be refused alike
        event = document["components"]["schemas"]["CloudEvent"]["properties"]
        event["data"]["properties"]["table"] = {"enum": ["accounts", "orders"]}
        row = {"type": "object", "properties": CELLS, "additionalProperties": False}
        event["data"]["properties"]["row"] = row
        event["subject"] = event["source"] = {"enum": FEW}
    schema = schemathesis.openapi.from_dict(document)
    schema.app = asked.client.app
    found = [each.ok() for each in schema.get_all_operations()]
    return {f"{each.method.upper()} {each.path}": each for each in found}


def check(operation, way: str, examples: int, start: int = 0) -> None:
    """Ask an operation so many times; raise what an answer has wrong."""

    @seed(start)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=WAYS[way]))
    def ask(case):
        names = (*UNCHECKED, *(IN_BATCHES if case.media_type == BATCH else ()))
        excluded = [each for each in CHECKS.get_all() if each.__name__ in names]
        case.call_and_validate(headers=HEADERS, excluded_checks=excluded)

    ask()


def main() -> None:
    """Ask everything at length."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as asked:
        asked.event(row={"name": "Acme"})
        for way in WAYS:
            for name, operation in operations(asked, way).items():
                try:
                    check(operation, way, options.examples, options.seed)
                except Unsatisfiable:
                    print(f"{name}, {way}: there is no such request")  # noqa: T201
                else:
                    print(f"{name}, {way}: {options.examples} asked")  # noqa: T201


if __name__ == "__main__":
    main()
