"""The words that companies, people and places of the sample are made of. All of them are invented or common."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass


@dataclass(frozen=True)
class Country:
    """A country of the sample: how its companies are called, taxed, billed and reached by phone."""

    code: str
    name: str
    words: str  # whose stems and trades its companies are named with
    people: str
    forms: tuple[str, ...]
    tax_permille: int
    currency: int  # position in CURRENCIES
    office: tuple[str, int]  # what an office number starts with (E.164 without +), and how many digits follow
    mobile: tuple[str, int]
    calling: int  # digits of the country's calling code
    area: int  # digits of an office's area code
    cities: tuple[str, ...]
    share: float


CURRENCIES = ("USD", "EUR")

COUNTRIES = (
    Country("SE", "Sweden", "nordic", "nordic", ("AB",), 250, 0, ("468", 7), ("4670", 7), 2, 1,
            ("Stockholm", "Göteborg", "Malmö", "Uppsala", "Västerås"), 0.28),
    Country("DE", "Germany", "german", "german", ("GmbH", "AG", "KG"), 190, 1, ("4930", 8), ("491511", 7), 2, 2,
            ("Berlin", "Hamburg", "Köln", "München", "Leipzig"), 0.24),
    Country("GB", "United Kingdom", "english", "english", ("Ltd", "PLC"), 200, 0, ("44203", 7), ("44780", 7), 2, 2,
            ("London", "Leeds", "Bristol", "Glasgow", "Cardiff"), 0.16),
    Country("US", "United States", "english", "english", ("Inc", "LLC", "Corp"), 0, 0, ("121255", 5), ("191755", 5),
            1, 3,
            ("New York", "Boston", "Denver", "Seattle", "Austin"), 0.12),
    Country("FI", "Finland", "nordic", "nordic", ("Oy",), 255, 1, ("35895", 6), ("35840", 7), 3, 1,
            ("Helsinki", "Espoo", "Tampere", "Turku", "Oulu"), 0.08),
    Country("NO", "Norway", "nordic", "nordic", ("AS",), 250, 0, ("4722", 6), ("4790", 6), 2, 1,
            ("Oslo", "Bergen", "Trondheim", "Stavanger", "Tromsø"), 0.07),
    Country("BG", "Bulgaria", "cyrillic", "cyrillic", ("ООД", "ЕООД"), 200, 1, ("35929", 6), ("35988", 7), 3, 1,
            ("София", "Пловдив", "Варна", "Бургас", "Русе"), 0.03),
    Country("KZ", "Kazakhstan", "cyrillic", "cyrillic", ("ТОО",), 120, 0, ("77272", 6), ("7701", 7), 1, 3,
            ("Алматы", "Астана", "Шымкент", "Актобе", "Караганда"), 0.02),
)  # fmt: skip

COUNTRY_OF = {country.code: position for position, country in enumerate(COUNTRIES)}

STEMS = {
    "nordic": (
        "Björkdal Älvsund Norrvik Granberga Solhem Tallåsen Viksjö Öster Fjällnäs Rönnskär Havsbris Lövhult "
        "Stenbro Ekliden Myrholm Sandhamn Kvarnby Åsbo Furuvik Dalälv Skarpnord Lilleström Isfjord Hedemora "
        "Vinterby Aspnäs Torneå Bredviken Klippö Strandmark Ulvsunda Mossebo Gästrike Rimfors Särö Hjalma Vidsel "
        "Almunge Trollsjö Enköp"
    ),
    "german": (
        "Adlerhof Birkenau Falkenstein Grünwald Hafenstadt Isarblick Kronberg Lindental Mühlbach Neckartal Oberau "
        "Elbufer Rosengarten Silbersee Tannenhof Uferstein Waldeck Ziegelhaus Altmark Burgfeld Donauwerk "
        "Eichenroth Felsbach Goldacker Heidekamp Jägerhof Kastanien Löwenthal Moorweide Nordheide Ostwind "
        "Pfauenau Quellgrund Rabenfels Sternau Taubertal Ulmenhof Veilchen Weidenau Zollhof"
    ),
    "english": (
        "Ashgrove Bramley Copperfield Dunmore Eastbrook Fairhaven Greystone Hazelmere Ironbridge Kestrel Larkspur "
        "Meadowlark Northgate Oakridge Pinecrest Quarryside Ravenhill Silverbirch Thornbury Underwood Valewood "
        "Westmarch Yarrow Blackwater Clearwell Driftwood Elmstead Foxglove Goldfinch Heatherton Larchmont "
        "Millbrook Oldbridge Pebbleway Rushford Stonegate Tidewater Willowby Winterfold Brightside"
    ),
    "cyrillic": (
        "Северна Ясна Лазурна Топола Мургаш Бреза Искра Зора Орлово Равнина Боряна Калина Росица Чайка Хребет "
        "Степная Родник Сокол Маяк Прибой Кедр Рубеж Заря Горизонт Алтын Тулпар Жайлау Самал Байтерек Нур"
    ),
}

TRADES = {
    "nordic": (
        "Bygg Energi Fastigheter Frakt Industri Konsult Livs Maskin Plåt Rör Skog Spedition Städ Teknik Textil "
        "Tryck Trä Vård Vatten Åkeri Papper Kemi Design Media Data"
    ),
    "german": (
        "Anlagenbau Bau Chemie Druck Elektro Energie Feinkost Gebäudetechnik Handel Holz Immobilien Kliniken "
        "Logistik Maschinen Metall Möbel Pflege Reisen Software Spedition Stahl Technik Textil Verlag Werkzeuge"
    ),
    "english": (
        "Analytics Brewing Builders Care Ceramics Clinics Components Consulting Dairy Distribution Energy Farms "
        "Foods Freight Glass Hotels Interiors Labs Manufacturing Media Packaging Pharma Properties Retail "
        "Textiles"
    ),
    "cyrillic": (
        "Агро Бетон Газ Дизайн Инженеринг Консулт Логистика Маркет Медика Мебел Металл Пласт Сервиз Строй Текстил "
        "Транспорт Трейд Фарма Хим Электро"
    ),
}

FIRST_NAMES = {
    "nordic": (
        "Anna Erik Karin Lars Maria Johan Elin Olof Sara Nils Ingrid Gustav Hanna Axel Linnea Mikael Astrid "
        "Henrik Ebba Torbjörn Åsa Jukka Aino Marit"
    ),
    "german": (
        "Lena Jürgen Sabine Matthias Claudia Stefan Heike Thomas Birgit Uwe Katrin Jonas Petra Florian Greta "
        "Moritz Ursula Dieter Frieda Henning"
    ),
    "english": (
        "Emma Oliver Grace Daniel Priya Samuel Aisha Marcus Chloe Ethan Naomi Wesley Fatima Gareth Isla Malik "
        "Tessa Owen Zara Colin"
    ),
    "cyrillic": (
        "Елена Димитър Ирина Николай Мария Стоян Айгуль Ерлан Ольга Тимур Десислава Петър Гульнара Виктор Анна Борис"
    ),
}

LAST_NAMES = {
    "nordic": (
        "Lindqvist Bergström Sandell Hedlund Öberg Nyman Ekström Sjögren Wallin Forsberg Åkerlund Hellman Norberg "
        "Virtanen Korhonen Solberg Haugen Dahlin Rosén Blom Viklund Engdahl Stenmark Holmgren"
    ),
    "german": (
        "Brückner Schäfer Vogel Krause Lindner Hartmann Böhm Seidel Reuter Winkler Fuchs Albrecht Pohl Kühn Engel "
        "Horn Sauer Thiele Marx Jansen"
    ),
    "english": (
        "Whitfield Okafor Hughes Patel Marsh Donnelly Achebe Fletcher Romero Sinclair Bennett Khan Doyle Prescott "
        "Nakamura Ellery Vaughn Mensah Carver Lowell"
    ),
    "cyrillic": (
        "Петрова Иванов Георгиева Сергеев Нурланова Ахметов Стоянова Тодоров Ковалёва Мусаев Димова Орлов "
        "Жумабаев Николова Колев Соколова"
    ),
}

STREETS = {
    "nordic": ("Storgatan", "Kungsgatan", "Hamngatan", "Industrivägen", "Järnvägsgatan", "Skolgatan"),
    "german": ("Hauptstraße", "Bahnhofstraße", "Industrieweg", "Gartenstraße", "Am Hafen", "Lindenallee"),
    "english": ("High Street", "Station Road", "Mill Lane", "Commerce Avenue", "Harbour Road", "Park Row"),
    "cyrillic": ("ул. Централна", "бул. Мира", "ул. Парковая", "ул. Заводская", "ул. Речна", "пр. Победы"),
}

INDUSTRIES = ("Manufacturing", "Transportation", "Healthcare", "Construction", "Retail", "Energy", "Food & Beverage",
              "Hospitality", "Media", "Technology")  # fmt: skip

JOB_TITLES = ("CEO", "Purchasing manager", "Finance manager", "IT manager", "Office manager", "Operations manager",
              "Accountant", "Facilities coordinator")  # fmt: skip

# Name, family, list price in whole units a unit of delivery, billed every month.
PRODUCTS = (
    ("Managed network", "Managed services", 480, True),
    ("Managed workplace", "Managed services", 65, True),
    ("Service desk 8x5", "Managed services", 920, True),
    ("Cloud backup", "Cloud", 140, True),
    ("Cloud telephony", "Cloud", 28, True),
    ("Security monitoring", "Security", 760, True),
    ("Penetration test", "Security", 5400, False),
    ("Consulting day", "Consulting", 1150, False),
    ("Project manager day", "Consulting", 1320, False),
    ("Integration package", "Projects", 3900, False),
    ("Data migration", "Projects", 2750, False),
    ("Training seat", "Training", 390, False),
    ("On-site visit", "Field service", 310, False),
    ("Hardware lease", "Hardware", 210, False),
)

# What companies choose from, by position in PRODUCTS: small ones, those of middle size, enterprises. First come the
# monthly services.
MONTHLY_CHOICES = 3
CHOICES = (
    (1, 3, 4, 7, 10, 11, 12, 13),
    (0, 1, 5, 3, 7, 9, 11, 13),
    (0, 2, 5, 6, 7, 8, 9, 10),
)

_LATIN = dict(zip(
    "абвгдезийклмнопрстуфхцыэёіһәөүұқңғъь",
    ["a", "b", "v", "g", "d", "e", "z", "i", "y", "k", "l", "m", "n", "o", "p", "r", "s", "t", "u", "f", "h", "ts", "y",
     "e", "e", "i", "h", "a", "o", "u", "u", "k", "n", "g", "a", ""],
    strict=True,
)) | {"ж": "zh", "ч": "ch", "ш": "sh", "щ": "sht", "ю": "yu", "я": "ya", "ß": "ss", "ø": "o", "æ": "ae"}  # fmt: skip


def slug(text: str) -> str:
    """Text as it stands in an e-mail address or a domain: Latin letters and digits only, lower case."""
    latin = "".join(_LATIN.get(letter, letter) for letter in text.lower())
    plain = unicodedata.normalize("NFKD", latin)
    return "".join(letter for letter in plain if letter.isascii() and letter.isalnum())
