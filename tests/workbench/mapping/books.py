"""Books as CRMs would hold them: the sample book, its tables, columns and choices renamed, and the truth."""

from __future__ import annotations

import csv
import datetime
import random
from dataclasses import dataclass, field
from pathlib import Path

import tomli

RENAMED = tomli.loads((Path(__file__).parent / "renamed.toml").read_text(encoding="utf-8"))
SEED = 20260630


@dataclass
class Truth:
    """What a renamed book really is: (table, column) of the vocabulary by (file, column) of the CRM."""

    columns: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)


def renamed(sample: Path, folder: Path, crm: str) -> Truth:
    """Write the sample book as a CRM would export it, columns shuffled, and return what is what."""
    rules, truth, chance = RENAMED[crm], Truth(), random.Random(SEED)
    for table, called in rules["tables"].items():
        with (sample / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        names = {}
        for column in rows[0]:
            name = rules["columns"].get(f"{table}.{column}") or own_field(rules["own"], column)
            names[column] = name
            truth.columns[called, name] = (table, column)
        extra = {name: some for name, some in rules["extra"].items() if name not in names.values()}
        meant = {column: rules["values"].get(f"{table}.{column}", {}) for column in rows[0]}
        order = [*names, *extra]
        chance.shuffle(order)
        with (folder / f"{called}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([names.get(each, each) for each in order])
            for row in rows:
                writer.writerow(
                    [
                        meant[each].get(row[each], row[each]) if each in names
                        else chance.choice(extra[each])
                        for each in order
                    ]
                )  # fmt: skip
    return truth


def own_field(pattern: str, column: str) -> str:
    """Return what an admin would call a field for a column that the CRM does not have."""
    label = "_".join(each.capitalize() for each in column.split("_"))
    return pattern.format(Label=label, name=column, squeezed=column.replace("_", ""))


OTHERS = tomli.loads((Path(__file__).parent / "others.toml").read_text(encoding="utf-8"))
ROWS = 60
FIRST = ("Nord", "Alb", "Vega", "Kron", "Tell", "Marl", "Osc", "Quin", "Rad", "Sol")
LAST = ("werk", "tec", "ia", "oil", "pharm", "soft", "bau", "nova")


def invented(folder: Path, name: str) -> Truth:
    """Write a source of a CRM that kamrules does not know, and return what is what."""
    described, truth, chance = dict(OTHERS[name]), Truth(), random.Random(SEED)
    delimiter = described.pop("delimiter", ",")
    kept: dict[tuple[str, str], list[str]] = {}
    for file, columns in described.items():
        for column, (meant, kind) in columns.items():
            kept[file, column] = [value_of(kind, at, kept, chance) for at in range(ROWS)]
            for each in meant.split():
                table, _, wanted = each.partition(".")
                truth.columns[file, column] = (table, wanted)
        with (folder / f"{file}.csv").open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, delimiter=delimiter)
            writer.writerow(columns)
            writer.writerows(zip(*(kept[file, each] for each in columns), strict=True))
    return truth


def value_of(kind, at, kept, chance):
    """Return the value of a row that a kind of values gives."""
    if isinstance(kind, list):
        return chance.choice(kind)
    word, _, rest = kind.partition(" ")
    day = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(
        days=chance.randrange(800)
    )
    if word in {"int", "money", "comma", "point"}:
        low, high = map(int, rest.split())
        return amount(word, chance.randint(low, high), chance.randrange(100))
    match word:
        case "key":
            return f"{rest}{at + 1:04}"
        case "link":
            file, _, column = rest.partition(".")
            return chance.choice(kept[file, column])
        case "company":
            return f"{FIRST[at % 10]}{LAST[at // 10]} GmbH"
        case "person":
            return f"{chance.choice(('Anna', 'Ben', 'Chen', 'Dora'))} {chance.choice(FIRST)}er"
        case "date":
            return day.strftime(rest)
        case "time":
            return day.strftime("%Y-%m-%d %H:%M:%S")
        case _:
            return f"{chance.choice(FIRST)} {chance.choice(LAST)} {chance.randrange(99)}"


def amount(word, whole, cents):
    """Return an amount as one writes it."""
    match word:
        case "int":
            return str(whole)
        case "comma":
            return f"{whole:,}".replace(",", ".") + f",{cents:02}"
        case "point":
            return f"{whole:,}.{cents:02}"
        case _:
            return f"{whole}.{cents:02}"


@dataclass
class Score:
    """How right a proposal is: sure ones right and wrong, unsure ones right and wrong, truths found."""

    right: int = 0
    wrong: list[str] = field(default_factory=list)
    found: set[tuple[str, str]] = field(default_factory=set)
    unsure: list[tuple[float, bool]] = field(default_factory=list)


def scored(suggestion, truth: Truth, sure: float = 0.8) -> Score:
    """Return how right a proposal is; tables that are derived from another (won deals) are left out."""
    score = Score()
    for table in suggestion.tables:
        if table.table == "orders" and "won deals" in table.why:
            continue
        key = [("account_id", table.key.column, table.key.sure)] if table.key else []
        for column, source, how in [*((p.column, p.source, p.sure) for p in table.pairs), *key]:
            place = (table.source.name, source)
            right = truth.columns.get(place) == (table.table, column)
            how_sure = min(how, table.sure)
            if how_sure < sure:
                score.unsure.append((how_sure, right))
            elif right:
                score.right += 1
                score.found.add(place)
            else:
                score.wrong.append(f"{table.table}.{column} from {place}")
    return score
