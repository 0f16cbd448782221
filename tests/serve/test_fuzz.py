"""What the OpenAPI document allows, and what it does not, is answered as it says, and never with a 5xx."""

from __future__ import annotations

import pytest

from kamrules.serve.openapi import document
from kamrules.serve.operations import OPERATIONS
from tests.serve.fuzz import WAYS, check, operations
from tests.serve.scene import served

EXAMPLES = 25
ASKED = [
    f"{each.method} {each.path.replace(':path', '')}"
    for each in OPERATIONS
    if each.path not in ("/", "/openapi.json")
]

TAKE_NOTHING = ("GET /health", "GET /metrics")
"""What can be asked in no wrong way."""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    with served(tmp_path_factory.mktemp("fuzz")) as asked:
        asked.event(row={"name": "Acme"})
        yield {way: operations(asked, way) for way in WAYS}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ASKED)
def test_every_request_is_answered_as_the_document_says(found, name, way):
    if way == "allowed" or name not in TAKE_NOTHING:
        check(found[way][name], way, EXAMPLES)


def test_the_document_is_valid():
    from jsonschema import Draft202012Validator

    told = document(open_to_all=False)
    for schema in told["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    assert told["paths"]["/events"]["post"]["security"] == [{"token": []}]
    assert "security" not in told["paths"]["/health"]["get"]
    assert "securitySchemes" in told["components"]


def test_where_everyone_may_ask_the_document_asks_for_no_token():
    told = document(open_to_all=True)
    assert "security" not in told["paths"]["/events"]["post"]
    assert "401" not in told["paths"]["/events"]["post"]["responses"]
