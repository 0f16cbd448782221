"""Fills an empty BottleCRM, inside its own environment: its tables, its own `seed_data`, tokens, a webhook.

python bottle_filling.py FILE        # writes the tokens and the webhook's secret to FILE, as JSON
"""

import json
import os
import sys
from pathlib import Path

import django
from django.core.management import call_command

ADMIN, SEED = "admin@example.com", 42


def main(told: str) -> None:
    django.setup()
    if os.environ["DJANGO_SETTINGS_MODULE"] == "bottle_settings":
        call_command("migrate", run_syncdb=True, verbosity=0)
    else:
        call_command("migrate", verbosity=0)
    call_command("seed_data", email=ADMIN, seed=SEED, no_input=True, verbosity=0)

    from common.models import PersonalAccessToken, Profile
    from common.tasks import set_rls_context
    from webhooks.events import EVENT_NAMES
    from webhooks.models import WebhookEndpoint

    profile = (
        Profile.objects.select_related("user", "org")
        .filter(user__email=ADMIN)
        .order_by("created_at")[0]
    )
    set_rls_context(profile.org_id)
    made = {
        "token": PersonalAccessToken.generate(profile, "kamrules")[0],
        "narrow": PersonalAccessToken.generate(profile, "only accounts", scopes=["accounts:read"])[
            0
        ],
        "reading": PersonalAccessToken.generate(profile, "reads all", scopes=["*:read"])[0],
    }
    endpoint = WebhookEndpoint.objects.create(
        org=profile.org,
        url="https://kamrules.example.com/hooks/bottlecrm",
        events=list(EVENT_NAMES),
        created_by=profile.user,
    )
    made |= {
        "secret": endpoint.secret,
        "org": str(profile.org_id),
        "organisation": profile.org.name,
    }
    Path(told).write_text(json.dumps(made), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
