"""The application: the operations' routes behind the gate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route, Router

from kamrules.serve.endpoints import Endpoints
from kamrules.serve.gate import Gate
from kamrules.serve.hooks import Hooks
from kamrules.serve.keeping import Keeping
from kamrules.serve.operations import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from kamrules.serve.rate import Rate
    from kamrules.serve.service import Service
    from kamrules.serve.tokens import Tokens


def make_app(
    service: Service,
    *,
    tokens: Tokens,
    rate: Rate | None = None,
    tell: Callable[[str], None],
    log: Callable[[str], None] | None = None,
) -> Gate:
    """Return the ASGI application of a service.

    `tell` hears of defects, `log` gets a line for each request. Without tokens everyone may ask.
    """
    endpoints = Endpoints(service, open_to_all=not tokens.digests)
    parts = (endpoints, Keeping(service), Hooks(service))
    routes = [
        Route(
            each.path,
            next(getattr(one, each.name) for one in parts if hasattr(one, each.name)),
            methods=[each.method],
        )
        for each in OPERATIONS
    ]
    return Gate(
        Router(routes, redirect_slashes=False),
        paths=[each.path for each in OPERATIONS if "{" not in each.path],
        tokens=tokens,
        rate=rate,
        measures=service.measures,
        tell=tell,
        log=log,
    )
