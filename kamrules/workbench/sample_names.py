"""Names for the sample book: invented companies and people of several countries, products, rivals."""

from __future__ import annotations

from typing import NamedTuple

INDUSTRIES = (
    "food", "chemicals", "automotive", "machinery", "logistics",
    "healthcare", "energy", "packaging", "electronics", "construction",
)  # fmt: skip
"""Lines of business; a country's `trades` say each in its own language, in this order."""


class Country(NamedTuple):
    """How companies and people of one country are called."""

    name: str
    weight: int
    stems: tuple[str, ...]
    trades: tuple[str, ...]
    forms: tuple[str, ...]
    given: tuple[str, ...]
    family: tuple[str, ...]
    pattern: str = "{stem} {trade} {form}"
    person: str = "{given} {family}"


COUNTRIES = (
    Country(
        "Germany", 26,
        ("Kesselrath", "Brünnhoff", "Oderwald", "Lindacker", "Märzbach", "Tauberstein", "Hohlweg",
         "Rößling", "Grünauer", "Vossmoor", "Aldenried", "Stolzenbek"),
        ("Lebensmittel", "Chemie", "Fahrzeugteile", "Maschinenbau", "Logistik",
         "Medizintechnik", "Energie", "Verpackungen", "Elektronik", "Bau"),
        ("GmbH", "AG", "GmbH & Co. KG", "SE"),
        ("Anja", "Jörg", "Miriam", "Thorsten", "Sabine", "Yusuf", "Käthe", "Rolf"),
        ("Brandhuber", "Wüstner", "Ehlich", "Karamanov", "Oltmer", "Preißer", "Dornseif", "Yıldız"),
    ),
    Country(
        "United Kingdom", 16,
        ("Harrowby", "Thornleigh", "Caldermoor", "Wexcombe", "Penhallow", "Ashgarth", "Brackley Vale",
         "Dunmarsh", "Silverbourne", "Tarnside"),
        ("Foods", "Chemicals", "Motor Components", "Engineering", "Freight",
         "Clinical", "Power", "Packaging", "Electronics", "Builders"),
        ("Ltd", "plc", "Group plc", "& Sons Ltd"),
        ("Imogen", "Callum", "Priya", "Gareth", "Fiona", "Desmond", "Harriet", "Owen"),
        ("Thistlewood", "Okonjo", "Marchbank", "Pryce-Hale", "Rowntree", "Sidhu", "Ackerley", "Fenn"),
    ),
    Country(
        "United States", 18,
        ("Blue Mesa", "Cedar Fork", "Ironhaven", "Lakota Ridge", "Northmark", "Pinecrest", "Quillon",
         "Redwater", "Summitline", "Tri-Rivers"),
        ("Provisions", "Chemical", "Auto Parts", "Machine Works", "Logistics",
         "Health Systems", "Energy", "Packaging", "Devices", "Construction"),
        ("Inc.", "Corp.", "LLC", "Holdings, Inc."),
        ("Marcus", "Elena", "Tyrone", "Kathleen", "Luis", "Deborah", "Wei", "Grant"),
        ("Halvorsen", "Ortega", "Whitfield", "Nakamura", "Delacroix", "Baptiste", "Lindqvist", "Moss"),
    ),
    Country(
        "France", 10,
        ("Lémanel", "Montclairval", "Beaurivet", "Sèvrenne", "Hautefage", "Orlhac", "Trégastin", "Vauxbelle"),
        ("Alimentaire", "Chimie", "Automobile", "Mécanique", "Transports",
         "Santé", "Énergie", "Emballages", "Électronique", "Bâtiment"),
        ("SA", "SAS", "et Fils", "SARL"),
        ("Aurélie", "Benoît", "Chloé", "Étienne", "Fatou", "Loïc", "Noémie", "Régis"),
        ("Castelnau", "Desroziers", "Guérinot", "Maillebois", "Ndiayé", "Pellissard", "Roquemaure"),
    ),
    Country(
        "China", 10,
        ("华岭", "东澜", "瑞恒", "金穗原", "海川", "新瀚", "云杉"),
        ("食品", "化工", "汽车部件", "机械", "物流", "医疗", "能源", "包装", "电子", "建设"),
        ("有限公司", "股份有限公司", "集团"),
        ("建华", "丽娜", "志强", "晓梅", "国栋", "雨桐"),
        ("王", "李", "欧阳", "陈", "周", "林"),
        "{stem}{trade}{form}", "{family}{given}",
    ),
    Country(
        "Poland", 7,
        ("Łęgowo", "Bielnica", "Świtezianka", "Krzemień", "Żuławpol", "Wartomir"),
        ("Spożywcza", "Chemia", "Motoryzacja", "Maszyny", "Transport",
         "Zdrowie", "Energia", "Opakowania", "Elektronika", "Budownictwo"),
        ("Sp. z o.o.", "S.A."),
        ("Agnieszka", "Paweł", "Małgorzata", "Łukasz", "Zofia", "Grzegorz"),
        ("Brzozowicz", "Dąbrowiecka", "Kościelniak", "Śliwecki", "Wójtowska"),
    ),
    Country(
        "Sweden", 6,
        ("Åkermyr", "Björkfors", "Nordlöv", "Östanvik", "Granhult"),
        ("Livs", "Kemi", "Fordon", "Verkstad", "Frakt",
         "Vård", "Kraft", "Emballage", "Elektronik", "Bygg"),
        ("AB", "Gruppen AB"),
        ("Astrid", "Göran", "Linnéa", "Håkan", "Maja", "Åke"),
        ("Bergsjö", "Ekelöf", "Hägglund", "Sandwall", "Tärnqvist"),
    ),
    Country(
        "Brazil", 7,
        ("Serra Azulão", "Pantanaço", "Itaverá", "Jacarandaí", "São Breno"),
        ("Alimentos", "Química", "Autopeças", "Máquinas", "Logística",
         "Saúde", "Energia", "Embalagens", "Eletrônica", "Construções"),
        ("S.A.", "Ltda."),
        ("Antônio", "Beatriz", "Conceição", "Flávio", "Júlia", "Otávio"),
        ("Albuquerque Sá", "Figueirôa", "Guimarães Luz", "Moutinho", "Teixeirão"),
    ),
)  # fmt: skip

OUR_PEOPLE = (
    "Clara Vind", "Marek Toll", "Ines Aguilar", "Jonas Feld", "Ruth Okafor", "Li Wenjun",
    "Samir Haddad", "Greta Nyström", "Paul Renner", "Dana Kovář", "Hugo Lambert", "Maja Brandt",
)  # fmt: skip
"""Account managers and other people of the company whose book it is."""
OUR_EXECUTIVES = ("Helena Storm", "Victor Amsel", "Adaeze Nwosu", "Tomáš Havran")
PRODUCTS = (
    "controls",
    "drives",
    "sensors",
    "spare parts",
    "service contract",
    "software",
    "training",
)
RIVALS = (
    "Axiom Drives",
    "Borealis Motion",
    "Hanseo Technics",
    "Kontrola",
    "Pivotal Works",
    "Zentrix",
)
CRITERIA = (
    "total cost over ten years", "delivery in five days", "a service engineer within two hours",
    "energy used per piece made", "fits the lines already installed", "one supplier for all sites",
)  # fmt: skip
"""By what the customers' deciders judge offers."""
