"""Servers that the tests of databases share, and a database of its own for each test."""

from __future__ import annotations

import itertools
from contextlib import closing

import psycopg
import pymysql
import pytest

from tests.adapters.database import servers
from tests.adapters.database.places import VARIABLE, Place

NUMBERS = itertools.count(1)
NO_MARIADB = "no MariaDB server is installed: make services"


@pytest.fixture(scope="session")
def postgres_server():
    """Return a PostgreSQL on loopback that asks for a password."""
    with servers.postgres_on_loopback(servers.PASSWORD) as server:
        yield server


@pytest.fixture(scope="session")
def mariadb_server():
    """Return a MariaDB on loopback that asks for a password."""
    if not servers.mariadb_here():
        pytest.skip(NO_MARIADB)
    with servers.mariadb(servers.PASSWORD) as server:
        yield server


@pytest.fixture(autouse=True)
def _password(monkeypatch):
    monkeypatch.setenv(VARIABLE, servers.PASSWORD)


@pytest.fixture
def postgres_place(postgres_server):
    """Return a database in PostgreSQL."""
    name = f"crm_{next(NUMBERS)}"
    with psycopg.connect(
        host="127.0.0.1", port=postgres_server.port, user="tester", password=servers.PASSWORD,
        dbname="postgres", autocommit=True,
    ) as connection:  # fmt: skip
        connection.execute(f"CREATE DATABASE {name}")
    return Place("postgresql", name, postgres_server.port)


@pytest.fixture
def mysql_place(mariadb_server):
    """Return a database in MariaDB."""
    name = f"crm_{next(NUMBERS)}"
    with closing(
        pymysql.connect(host="127.0.0.1", port=mariadb_server.port, user="tester", password=servers.PASSWORD)
    ) as connection, closing(connection.cursor()) as cursor:  # fmt: skip
        cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    return Place("mysql", name, mariadb_server.port)


@pytest.fixture
def sqlite_place(tmp_path):
    """Return a database in a file."""
    found = Place("sqlite", "crm.db", folder=tmp_path)
    found.run("PRAGMA user_version = 1")  # the file is there
    return found


@pytest.fixture(params=["postgresql", "mysql", "sqlite"])
def place(request):
    """Return a database in each of the three, one after another."""
    fixture = request.param.replace("postgresql", "postgres") + "_place"
    return request.getfixturevalue(fixture)


@pytest.fixture(params=["postgresql", "mysql"])
def server_place(request):
    """Return a database in each of the two servers."""
    fixture = request.param.replace("postgresql", "postgres") + "_place"
    return request.getfixturevalue(fixture)
