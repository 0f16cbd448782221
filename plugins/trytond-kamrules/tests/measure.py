"""Measures the recompute of 10,000 parties with three sales each; prints seconds by step.

    .venv-tryton/bin/python plugins/trytond-kamrules/tests/measure.py [--parties 10000] [--postgresql]

On SQLite in a file, or on a PostgreSQL that it starts on loopback as user postgres. Runs what the scheduler
runs, `kamrules.account|recompute_all`: first on parties never decided, then on the same day again, then on
the day after, when only dates have moved.
"""

from __future__ import annotations

import argparse
import datetime
import os
import random
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import tryton_server

ROWS = 100


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--parties", type=int, default=10_000)
    parser.add_argument("--postgresql", action="store_true")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="measure-"))
    place = tryton_server.Place(folder)
    server = None
    try:
        if given.postgresql:
            server = postgresql(folder)
            uri = f"postgresql://postgres@127.0.0.1:{server}/"
            place.conf.write_text(place.conf.read_text().replace("sqlite://", uri))
            # Tryton chooses its database when it is imported, before it reads a configuration
            os.environ["TRYTOND_DATABASE_URI"] = place.environment["TRYTOND_DATABASE_URI"] = uri
            run_as_postgres(
                "createdb", "-h", "127.0.0.1", "-p", str(server), tryton_server.DATABASE
            )
            place.admin("--all", "--email", "admin@example.com")
            place.admin("-u", "kamrules", "--activate-dependencies", "-l", "zh_CN")
            seed = Path(__file__).parent / "seed.py"
            place.run("python", str(seed), str(place.conf), tryton_server.DATABASE)
        else:
            shutil.copy(tryton_server.seeded(), place.database)
        measure(place, given.parties)
    finally:
        if server is not None:
            run_as_postgres("pg_ctl", "-D", str(folder / "pg"), "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def run_as_postgres(*command):
    import pwd

    user = pwd.getpwnam("postgres").pw_uid if os.getuid() == 0 else None
    subprocess.run(command, user=user, check=True, stdout=subprocess.DEVNULL, cwd="/tmp")


def postgresql(folder):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder.chmod(0o755)
    data = folder / "pg"
    data.mkdir()
    if os.getuid() == 0:
        shutil.chown(data, "postgres")
    run_as_postgres("initdb", "-A", "trust", "-U", "postgres", "-D", str(data))
    options = f"-p {port} -k {data} -c listen_addresses=127.0.0.1 -c fsync=off"
    run_as_postgres(
        "pg_ctl", "-D", str(data), "-o", options, "-l", str(data / "log"), "-w", "start"
    )
    return port


def measure(place, parties):
    os.environ["TRYTONPASSFILE"] = place.environment["TRYTONPASSFILE"]
    from trytond import config

    config.update_etc(str(place.conf))
    from trytond.pool import Pool
    from trytond.transaction import Transaction

    name = tryton_server.DATABASE
    pool = Pool(name)
    with Transaction().start(name, 0, readonly=True):
        pool.init()
    with Transaction().start(name, 0):
        started = time.perf_counter()
        fill(pool, parties)
        print(f"made {parties:,} parties in {time.perf_counter() - started:.1f} s", flush=True)
    today = datetime.date.today()
    for what, date in (
        ("never decided before", today),
        ("the same day again", today),
        ("the day after", today + datetime.timedelta(1)),
    ):
        started, cpu = time.perf_counter(), time.process_time()
        counts = within(name, lambda date=date: decided(pool, date))
        print(
            f"{what}: {time.perf_counter() - started:.1f} s (CPU {time.process_time() - cpu:.1f} s), "
            "accounts {:,}, changed {:,}, actions proposed {:,}, lapsed {:,}".format(*counts),
            flush=True,
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:.0f} MB")


def within(name, work):
    """Do work in a transaction, again with locks on the tables that need one, as the server does."""
    from trytond.transaction import Transaction, TransactionError

    more = {}
    while True:
        with Transaction().start(name, 0, context={"company": 1}, **more) as transaction:
            try:
                return work()
            except TransactionError as error:
                transaction.rollback()
                error.fix(more)


def decided(pool, date):
    pool.get("kamrules.configuration").write(
        [pool.get("kamrules.configuration")(1)], {"as_of": date}
    )
    pool.get("kamrules.account").recompute_all()
    (run,) = pool.get("kamrules.run").search([], limit=1)
    return run.accounts, run.changed, run.proposed, run.lapsed


def fill(pool, parties):
    """Write parties, sales with a line each, and deals, row by row into the tables."""
    from sql.aggregate import Max
    from trytond.transaction import Transaction

    chance = random.Random(6)
    cursor = Transaction().connection.cursor()
    (product,) = pool.get("product.product").search([("template.name", "=", "Pump")])
    (company,) = pool.get("company.company").search([("id", "=", 1)])
    currency, unit = company.currency.id, product.default_uom.id
    today = datetime.date.today()

    def insert(model, names, rows):
        table = pool.get(model).__table__()
        columns = [getattr(table, each) for each in names]
        for start in range(0, len(rows), ROWS):
            cursor.execute(*table.insert(columns, rows[start : start + ROWS]))

    def last(model):
        table = pool.get(model).__table__()
        cursor.execute(*table.select(Max(table.id)))
        return cursor.fetchone()[0] or 0

    first = last("party.party") + 1
    names = [f"Company {number:05}" for number in range(parties)]
    insert("party.party", ["name", "code", "active"], [[each, each, True] for each in names])
    ids = range(first, first + parties)
    sales, lines, deals = [], [], []
    sale = last("sale.sale") + 1
    for party in ids:
        size = chance.lognormvariate(9, 1.8)
        for _ in range(3):
            amount = Decimal(round(size * chance.uniform(0.3, 1.5), 2)).quantize(Decimal("0.01"))
            day = today - datetime.timedelta(chance.randrange(700))
            sales.append(
                [
                    company.id,
                    party,
                    currency,
                    day,
                    amount,
                    "manual",
                    "none",
                    "manual",
                    "none",
                    "done",
                ]
            )
            lines.append([sale, "line", product.id, unit, float(amount / 100), Decimal(100)])
            sale += 1
        if party % 3 == 0:
            deals.append(
                [company.id, party, currency, today - datetime.timedelta(chance.randrange(90)),
                 str(party), 0.5, "opportunity", amount]
            )  # fmt: skip
    insert(
        "sale.sale",
        ["company", "party", "currency", "sale_date", "untaxed_amount_cache", "invoice_method",
         "invoice_state", "shipment_method", "shipment_state", "state"],
        sales,
    )  # fmt: skip
    insert("sale.line", ["sale", "type", "product", "unit", "quantity", "unit_price"], lines)
    insert(
        "sale.opportunity",
        ["company", "party", "currency", "start_date", "number", "conversion_probability", "state", "amount"],
        deals,
    )  # fmt: skip


if __name__ == "__main__":
    main()
