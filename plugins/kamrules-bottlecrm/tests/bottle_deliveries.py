"""Prints what BottleCRM would post to its webhook, inside its own environment, by its own code.

    python bottle_deliveries.py ORG      # JSON lines: {"event": ..., "headers": {...}, "body": "..."}

BottleCRM refuses to post to this machine, as it should. So its deliveries are taken as they wait in its
database, made into requests by the function that makes every one, and posted by the test, byte for byte.
"""

import json
import sys

import django


def main(org: str) -> None:
    django.setup()
    from common.tasks import set_rls_context
    from webhooks.models import WebhookDelivery
    from webhooks.tasks import build_request

    set_rls_context(org)
    waiting = WebhookDelivery.objects.filter(org_id=org, status="pending").select_related(
        "endpoint"
    )
    for delivery in waiting.order_by("created_at"):
        body, headers = build_request(delivery)
        print(json.dumps({"event": delivery.event, "headers": headers, "body": body.decode()}))
    waiting.update(status="succeeded")


if __name__ == "__main__":
    main(sys.argv[1])
