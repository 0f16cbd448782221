"""The book files for Salesforce, HubSpot and Dynamics 365 run on small invented samples of each one's JSON.

They are not verified against a live organisation; what is tested is that they fit the vocabulary, the
shape of the vendor's documentation, and each other.
"""

from __future__ import annotations

import json
import shutil

import dlt_scene
import pytest
from kamrules import Book, compile_ruleset, load_ruleset

BOOKS = sorted((dlt_scene.HERE / "books").glob("*.toml"))
VENDORS = [each.stem for each in BOOKS]

# Invented companies; the shapes are those of each vendor's documented answers.
SALESFORCE = {
    "account": [
        {"Id": "0015g00000A1", "Name": "Northwind", "Industry": "Chemicals", "BillingCountry": "Germany",
         "AnnualRevenue": 180_000_000.0, "NumberOfEmployees": 900, "OwnerId": "0055g000001",
         "LastModifiedDate": "2026-06-01T08:00:00.000+0000"},
        {"Id": "0015g00000A2", "Name": "Corner Shop", "Industry": None, "BillingCountry": None,
         "AnnualRevenue": None, "NumberOfEmployees": None, "OwnerId": "0055g000002",
         "LastModifiedDate": "2026-06-01T08:00:00.000+0000"},
    ],
    "contact": [
        {"Id": "0035g1", "AccountId": "0015g00000A1", "Name": "M. Ray", "Department": "Purchasing",
         "OwnerId": "0055g000001", "LastActivityDate": "2026-05-20"},
    ],
    "opportunity": [
        {"Id": "0065g1", "AccountId": "0015g00000A1", "StageName": "Closed Won", "Amount": 900_000.0,
         "IsWon": True, "IsClosed": True, "Type": "Existing Customer - Upgrade", "CloseDate": "2026-05-04",
         "CreatedDate": "2026-01-10T09:30:00.000+0000", "SystemModstamp": "2026-05-04T09:30:00.000+0000"},
        {"Id": "0065g2", "AccountId": "0015g00000A1", "StageName": "Negotiation/Review", "Amount": 50_000.0,
         "IsWon": False, "IsClosed": False, "Type": None, "CloseDate": "2026-09-30",
         "CreatedDate": "2026-06-10T09:30:00.000+0000", "SystemModstamp": "2026-06-10T09:30:00.000+0000"},
    ],
    "task": [
        {"Id": "00T1", "AccountId": "0015g00000A1", "TaskSubtype": "Call", "ActivityDate": "2026-06-11",
         "SystemModstamp": "2026-06-11T09:30:00.000+0000"},
        {"Id": "00T2", "AccountId": "0015g00000A1", "TaskSubtype": "Task", "ActivityDate": "2026-06-12",
         "SystemModstamp": "2026-06-12T09:30:00.000+0000"},
    ],
}  # fmt: skip
HUBSPOT = {
    "companies": [
        {"hs_object_id": "1001", "id": "1001", "name": "Northwind", "industry": "CHEMICALS",
         "country": "Germany", "annualrevenue": "180000000", "numberofemployees": "900",
         "hubspot_owner_id": "77", "createdate": "2024-03-05T10:00:00.000Z",
         "contacts": [{"value": "1001", "contacts_id": "5001"}]},
        {"hs_object_id": "1002", "id": "1002", "name": "Corner Shop", "industry": None, "country": None,
         "annualrevenue": None, "numberofemployees": None, "hubspot_owner_id": None},
    ],
    "contacts": [
        {"hs_object_id": "5001", "associatedcompanyid": "1001", "lastname": "Ray", "hs_seniority": "vp",
         "hs_buying_role": "DECISION_MAKER", "notes_last_contacted": "2026-05-20T12:00:00Z",
         "hubspot_owner_id": "77"},
    ],
    "deals": [
        {"hs_object_id": "9001", "hs_primary_associated_company": "1001", "amount": "900000",
         "dealstage": "closedwon", "dealtype": "existingbusiness", "createdate": "2026-01-10T09:30:00.000Z",
         "closedate": "2026-05-04T00:00:00Z"},
        {"hs_object_id": "9002", "hs_primary_associated_company": "1001", "amount": "50000",
         "dealstage": "contractsent", "dealtype": None, "createdate": "2026-06-10T09:30:00.000Z",
         "closedate": "2026-09-30T00:00:00Z"},
    ],
}  # fmt: skip
NORTHWIND, SHOP = "0b1e1f60-0000-4000-8000-000000000001", "0b1e1f60-0000-4000-8000-000000000002"
DYNAMICS = {
    "accounts": [
        {"@odata.etag": 'W/"1"', "accountid": NORTHWIND, "name": "Northwind", "industrycode": 7,
         "address1_country": "Germany", "revenue": 180000000.0, "numberofemployees": 900,
         "creditonhold": False, "_ownerid_value": "o-1"},
        {"@odata.etag": 'W/"2"', "accountid": SHOP, "name": "Corner Shop", "industrycode": None,
         "address1_country": None, "revenue": None, "numberofemployees": None,
         "creditonhold": False, "_ownerid_value": "o-2"},
    ],
    "contacts": [
        {"contactid": "c-1", "_parentcustomerid_value": NORTHWIND, "fullname": "M. Ray",
         "accountrolecode": 1, "statecode": 0, "_ownerid_value": "o-1"},
    ],
    "opportunities": [
        {"opportunityid": "p-1", "_parentaccountid_value": NORTHWIND, "createdon": "2026-01-10T09:30:00Z",
         "estimatedclosedate": "2026-05-01", "actualclosedate": "2026-05-04", "statecode": 1,
         "estimatedvalue": 900000.0},
        {"opportunityid": "p-2", "_parentaccountid_value": NORTHWIND, "createdon": "2026-06-10T09:30:00Z",
         "estimatedclosedate": "2026-09-30", "actualclosedate": None, "statecode": 0,
         "estimatedvalue": 50000.0},
    ],
    "invoices": [
        {"invoiceid": "i-1", "_customerid_value": NORTHWIND, "createdon": "2026-05-04T09:30:00Z",
         "statecode": 2, "totallineitemamount": 900000.0, "datedelivered": None},
        {"invoiceid": "i-2", "_customerid_value": NORTHWIND, "createdon": "2026-05-05T09:30:00Z",
         "statecode": 3, "totallineitemamount": 1.0, "datedelivered": None},
    ],
    "incidents": [
        {"incidentid": "n-1", "_customerid_value": NORTHWIND, "createdon": "2026-06-12T09:30:00Z",
         "statecode": 0, "casetypecode": 2, "prioritycode": 1},
        {"incidentid": "n-2", "_customerid_value": NORTHWIND, "createdon": "2026-06-11T09:30:00Z",
         "statecode": 1, "casetypecode": 3, "prioritycode": 3},
    ],
    "activitypointers": [
        {"activityid": "v-1", "_regardingobjectid_value": NORTHWIND, "actualend": "2026-06-11T09:30:00Z",
         "activitytypecode": "phonecall"},
        {"activityid": "v-2", "_regardingobjectid_value": NORTHWIND, "actualend": "2026-06-12T09:30:00Z",
         "activitytypecode": "task"},
    ],
}  # fmt: skip

VERIFIED = """
import json
import dlt

SAMPLES = json.loads('''{samples}''')

@dlt.source(name="{name}")
def {callable}({parameters}):
    assert {check}
    # as dlt's verified source has them: some of its resources are incremental
    for name, rows in SAMPLES.items():
        @dlt.resource(name=name, write_disposition="merge")
        def records(table=name, since=dlt.sources.incremental("{cursor}", initial_value=None)):
            yield SAMPLES[table]
        @dlt.resource(name=name, write_disposition="merge")
        def plain(table=name):
            yield SAMPLES[table]
        yield records if all("{cursor}" in each for each in rows) else plain
"""
ENVIRON = {
    "SALESFORCE_USER": "ada@example.com", "SALESFORCE_PASSWORD": "pass-word-1", "SALESFORCE_TOKEN": "token-2",
    "HUBSPOT_KEY": "key-3", "DATAVERSE_TOKEN": "token-4",
}  # fmt: skip


def write_source(folder, vendor):
    """Write a source as `dlt init` puts it beside the book file: of that name, with those resources."""
    salesforce = vendor == "salesforce"
    (folder / vendor).mkdir()
    (folder / vendor / "__init__.py").write_text(
        VERIFIED.format(
            samples=json.dumps(SALESFORCE if salesforce else HUBSPOT).replace("\\", "\\\\"),
            name=vendor,
            callable="salesforce_source" if salesforce else "hubspot",
            cursor="SystemModstamp",
            parameters="user_name=dlt.secrets.value, password=dlt.secrets.value, "
            "security_token=dlt.secrets.value"
            if salesforce
            else "api_key=dlt.secrets.value, include_history=False, soft_delete=False, "
            "include_custom_props=True, properties=None",
            check='(user_name, security_token) == ("ada@example.com", "token-2")'
            if salesforce
            else 'api_key == "key-3" and properties and not include_custom_props',
        )
    )


def dataverse(path, headers):
    """Answer as Dataverse's Web API does, one row a page."""
    if headers["Authorization"] != "Bearer token-4":
        return 401, {}, b""
    start, _, query = path.partition("?")
    base, _, entity = start.rpartition("/")
    assert base == "/api/data/v9.2"
    skipped = int(query.partition("skiptoken=")[2] or 0)
    answer = {"@odata.context": "x", "value": DYNAMICS[entity][skipped : skipped + 1]}
    if skipped + 1 < len(DYNAMICS[entity]):
        answer["@odata.nextLink"] = f"http://{headers['Host']}{start}?skiptoken={skipped + 1}"
    return 200, {"Content-Type": "application/json"}, json.dumps(answer).encode()


@pytest.fixture(scope="module")
def words():
    """Return the vocabulary's tables."""
    return compile_ruleset(load_ruleset("kam")).tables


@pytest.mark.parametrize("path", BOOKS, ids=VENDORS)
def test_a_book_file_says_at_its_top_that_nobody_has_verified_it(path):
    head = path.read_text(encoding="utf-8").partition("\n[book]")[0]
    assert "Not verified against a live organisation" in head.splitlines()[1]


@pytest.mark.parametrize("path", BOOKS, ids=VENDORS)
def test_a_book_file_fills_only_what_the_vocabulary_has_with_words_that_it_knows(path, words):
    book = Book.read(path)
    for name, table in book.tables.items():
        assert table.columns.keys() <= words[name].columns.keys()
        for column, how in table.columns.items():
            choices = words[name].columns[column].type.choices
            if choices:
                assert how.values
                assert set(how.values.values()) <= set(choices)


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_book_file_decides_the_sample_of_its_vendor(vendor, tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    shutil.copy(dlt_scene.HERE / "books" / f"{vendor}.toml", folder)
    if vendor != "dynamics":
        write_source(folder, vendor)
    with dlt_scene.server(dataverse) as url:
        done = dlt_scene.start(
            folder,
            *(
                "run",
                f"{vendor}.toml",
                "--as-of",
                "2026-06-30",
                "--format",
                "jsonl",
                "--out",
                "out",
            ),
            **ENVIRON,
            DATAVERSE_URL=url,
        )
    assert done.returncode == 0, done.stderr
    assert not any(each in done.stderr + done.stdout for each in ENVIRON.values())
    out = folder / "out"
    report = json.loads((out / "run.json").read_text())
    problems = [each for table in report["quality"]["tables"] for each in table["problems"]]
    assert problems == []
    lines = (out / "decisions.jsonl").read_text().splitlines()
    decided = {each["name"]: each for each in map(json.loads, lines)}
    assert decided.keys() == {"Northwind", "Corner Shop"}
    # which of the two it is hangs on what a vendor knows of people
    assert decided["Northwind"]["class"] in {"key", "ordinary"}
    assert decided["Corner Shop"]["class"] not in {"key", "ordinary"}
    # one call a table of its own, cancelled invoices and tasks left out as the book file says
    read = {each["table"]: each["rows_kept"] for each in report["quality"]["tables"]}
    assert read["accounts"] == 2
    assert read["orders"] == 1
    assert read.get("activities", 1) == 1
    assert read["contacts"] == 1
