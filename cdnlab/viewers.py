"""Who is watching: countries, the world's 2,000 largest cities, and the Viewer who stands in one of them.

CloudFront never learns where a viewer stands. It sees an IP address, looks up the country that belongs to it, and lets
the latency from there decide which edge answers. A learner thinks the other way round, in cities; so a Viewer is a
city (or a country's label point) and carries an address made up for it, from the blocks that RFC 5737 keeps free for
documentation. An address alone belongs to nobody known: its country is None, and it stands at a spot we chose (GEO-13).

Names are found whatever their accents, case and apostrophes. Namesakes are told apart by country ("London, CA"), and
within one country by GeoNames' code of the first-level division ("Hyderabad, IN, 40", "San Jose, CA").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from cdnlab.errors import InputError, UnknownName
from cdnlab.facts import table
from cdnlab.steps import Place

__all__ = ["City", "Country", "Viewer", "cities", "country_codes", "find_city", "find_country"]

# ISO 3166-1 codes that data/countries.csv leaves out: nobody lives there, or no label point was at hand.
_WITHOUT_LABEL_POINT = {"BV": "Bouvet Island", "TK": "Tokelau", "UM": "United States Minor Outlying Islands"}

# Where GeoNames' name is not the one people type.
_ALSO_KNOWN_AS = {
    "bangalore": "Bengaluru",
    "bombay": "Mumbai",
    "calcutta": "Kolkata",
    "cologne": "Köln",
    "frankfurt": "Frankfurt am Main",
    "hull": "Kingston upon Hull",
    "kiev": "Kyiv",
    "madras": "Chennai",
    "mecca": "Makkah",
    "new york": "New York City",
    "nyc": "New York City",
    "queretaro": "Santiago de Querétaro",
    "saigon": "Ho Chi Minh City",
    "seville": "Sevilla",
    "st petersburg": "Saint Petersburg",
}

# An address that no country is known for still needs a spot on the map. Beside us-east-1, where CloudFront's own control plane lives.
_NOWHERE = (39.0437, -77.4875)

_DOCUMENTATION_BLOCKS = ("192.0.2", "198.51.100", "203.0.113")  # RFC 5737
_LETTERS = str.maketrans({"\u0131": "i", "ł": "l", "đ": "d", "ø": "o", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "-": " "})
_APOSTROPHES = re.compile("['\u2018\u2019`.]")


def fold(name: str) -> str:
    """A name without accents, case, apostrophes and hyphens, for comparing.

    >>> fold("São Paulo"), fold("Xi'an"), fold("Łódź")
    ('sao paulo', 'xian', 'lodz')
    """
    plain = "".join(each for each in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(each))
    return " ".join(_APOSTROPHES.sub("", plain.translate(_LETTERS)).split())


@dataclass(frozen=True, slots=True)
class Country:
    """A country or territory: ISO 3166-1 alpha-2 `code`, `name`, label point in degrees (None if none is known), people.

    `internet_users`: persons, 2020 or the latest year before; None where nobody counted.
    """

    code: str
    name: str
    lat: float | None
    lon: float | None
    population: int
    internet_users: int | None

    @property
    def online(self) -> float:
        """Share of the people who use the internet, 0 to 1; 1 where nobody counted (Taiwan and some territories).

        The two counts are of different years, so users can outnumber people; never more than 1.
        """
        if self.internet_users is None or not self.population:
            return 1.0
        return min(1.0, self.internet_users / self.population)


@dataclass(frozen=True, slots=True)
class City:
    """A city: GeoNames' `name`, `country` (ISO alpha-2), `admin1` (first-level division), degrees, inhabitants.

    `number`: its rank in the list of cities, largest first.
    """

    name: str
    country: str
    admin1: str
    lat: float
    lon: float
    population: int
    number: int

    @property
    def weight(self) -> float:
        """How many viewers to expect: inhabitants times the country's share of internet users."""
        return self.population * find_country(self.country).online

    @property
    def label(self) -> str:
        """The shortest name that `find_city` takes for this city: Lisbon, but London, CA.

        >>> find_city("london", country="ca").label
        'London, CA'
        """
        namesakes = _by_name()[fold(self.name)]
        if namesakes[0] == self:
            return self.name
        first_at_home = next(each for each in namesakes if each.country == self.country)
        return f"{self.name}, {self.country}" + ("" if first_at_home == self else f", {self.admin1}")


@cache
def _countries() -> dict[str, Country]:
    found = {code: Country(code, name, None, None, 0, None) for code, name in _WITHOUT_LABEL_POINT.items()}
    for row in table("countries.csv"):
        users = int(row["internet_users"]) if row["internet_users"] else None
        found[row["iso2"]] = Country(row["iso2"], row["name"], float(row["lat"]), float(row["lon"]), int(row["population"]), users)
    return dict(sorted(found.items()))


def country_codes() -> tuple[str, ...]:
    """Every ISO 3166-1 alpha-2 code, and XK (Kosovo), which address databases use; in alphabetical order."""
    return tuple(_countries())


def find_country(code: str) -> Country:
    """The country with this ISO 3166-1 alpha-2 code. Raises UnknownName.

    >>> find_country("MC").name
    'Monaco'
    """
    known = _countries()
    if not isinstance(code, str):
        raise InputError(f"a country is a code of two letters such as 'MC', not {code!r}")
    if found := known.get(code.upper()):
        return found
    if same := _country_named(code):
        raise UnknownName("country", code, hint=f"{known[same].name} is {same!r}")
    hint = "the United Kingdom is 'GB'" if code.upper() == "UK" else "give an ISO 3166-1 alpha-2 code, such as 'MC'"
    raise UnknownName("country", code, hint=hint)


@cache
def _codes_by_name() -> dict[str, str]:
    return {fold(each.name): each.code for each in _countries().values()}


def _country_named(text: str) -> str | None:
    """A country's code, from its code or its name."""
    return text.upper() if text.upper() in _countries() else _codes_by_name().get(fold(text))


@cache
def cities() -> tuple[City, ...]:
    """The 2,000 largest cities of the world, largest first (GeoNames)."""
    rows = table("cities.csv")
    return tuple(
        City(row["city"], row["country"], row["admin1"], float(row["lat"]), float(row["lon"]), int(row["population"]), number)
        for number, row in enumerate(rows)
    )


def _other_places() -> Iterator[City]:
    """The cities of edge locations and AWS Regions that are too small for the list (Ashburn, Newark)."""
    number = len(cities())
    listed = {fold(city.name) for city in cities()} | set(_codes_by_name()) | set(_ALSO_KNOWN_AS)
    for row in (*table("edge_locations.csv"), *table("aws_regions.csv")):
        if (name := fold(row["city"])) not in listed:
            listed.add(name)
            yield City(row["city"], row["country"], "", float(row["lat"]), float(row["lon"]), 0, number)
            number += 1


@cache
def _by_name() -> dict[str, list[City]]:
    index: dict[str, list[City]] = {}
    for city in (*cities(), *_other_places()):
        index.setdefault(fold(city.name), []).append(city)
    for alias, name in _ALSO_KNOWN_AS.items():
        index.setdefault(alias, index[fold(name)])
    return index


def find_city(name: str, country: str | None = None) -> City:
    """The city of this name; of several, the largest.

    `name` may go on with a country, or a country and a division: "London, CA", "London, Canada", "Hyderabad, IN, 40"; where no
    such country has the city, a division alone: "San Jose, CA". `country`: an ISO code that it must lie in.
    Raises UnknownName with suggestions. Source: data/cities.csv, and the cities of edge locations and Regions.

    >>> find_city("sao paulo").name, find_city("San José, CR").country
    ('São Paulo', 'CR')
    """
    if not isinstance(name, str):
        raise InputError(f"a city is a name such as 'Lisbon', not {name!r}")
    return _find_city(name, country)


@lru_cache(maxsize=4096)
def _find_city(name: str, country_code: str | None) -> City:
    home = None if country_code is None else find_country(country_code).code
    namesakes: Iterable[City] = ()
    for head, *qualifiers in _readings(name):
        if namesakes := _by_name().get(fold(head), ()):
            for city in _of(namesakes, qualifiers):
                if home in (None, city.country):
                    return city
            break
    wanted = name if home is None else f"{name}, {home}"
    if namesakes:
        raise UnknownName("city", wanted, dict.fromkeys(f"{each.name}, {each.country}" for each in namesakes))
    hint = "it is not among the 2,000 largest; take a larger city nearby, or a whole country: Viewer(country='MC')"
    if nation := _country_named(name):
        hint = f"it is a country: Viewer(country={nation!r})"
        raise UnknownName("city", wanted, hint=hint)
    raise UnknownName("city", wanted, (each.name for each in cities()), hint)


def _readings(name: str) -> Iterator[list[str]]:
    """The ways to read a name with commas: all of it first (some cities have commas), then city and qualifiers."""
    parts = [part.strip() for part in name.split(",")]
    for end in range(len(parts), max(0, len(parts) - 3), -1):
        yield [", ".join(parts[:end]), *parts[end:]]


def _of(namesakes: Iterable[City], qualifiers: list[str]) -> list[City]:
    if not qualifiers:
        return list(namesakes)
    nation, division = _country_named(qualifiers[0]), qualifiers[-1].upper()
    at_home = [city for city in namesakes if city.country == nation]
    if len(qualifiers) == 2:
        return [city for city in at_home if city.admin1 == division]
    return at_home or [city for city in namesakes if city.admin1 == division]


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Viewer:
    """Somebody with a browser: `city`, `country` (ISO alpha-2), `ip`, `place`.

    Viewer("Lisbon") stands in a city; with a `country` too, in the city of that name there (a city that is not there is
    an error). Viewer(country="MC") stands at the country's label point. Viewer(ip="192.0.2.7") has no known country: `city` and
    `country` are None. An `ip` (IPv4 or IPv6) that is not given is made up, always the same for the same place.
    Raises UnknownName (city, country) or InputError (address). Source: GEO-11 to GEO-14 (our choices).

    >>> viewer = Viewer("auckland")
    >>> viewer.city, viewer.country, viewer.place
    ('Auckland', 'NZ', 'viewer Auckland')
    >>> Viewer(country="MC").city is None
    True
    """

    city: str | None
    country: str | None
    ip: str
    place: Place

    def __init__(self, city: str | None = None, *, country: str | None = None, ip: str | IPv4Address | IPv6Address | None = None) -> None:
        address = None if ip is None else _checked_address(ip)
        if city is not None:
            found = find_city(city, country)
            self._set(found.name, found.country, address or _documentation_address(found.number), found.label, found.lat, found.lon)
        elif country is not None:
            nation = find_country(country)
            if nation.lat is None or nation.lon is None:
                raise UnknownName("label point of country", nation.code, hint=f"{nation.name} has none in data/countries.csv; give a city")
            number = len(cities()) + country_codes().index(nation.code)
            self._set(None, nation.code, address or _documentation_address(number), nation.name, nation.lat, nation.lon)
        elif address is not None:
            self._set(None, None, address, address, *_NOWHERE)
        else:
            raise InputError("say where the viewer is: Viewer('Lisbon'), Viewer(country='MC') or Viewer(ip='192.0.2.7')")

    def _set(self, city: str | None, country: str | None, ip: str, label: str, lat: float, lon: float) -> None:
        place = Place(f"viewer {label}", kind="viewer", code=label, city=city or "", lat=lat, lon=lon)
        for name, value in (("city", city), ("country", country), ("ip", ip), ("place", place)):
            object.__setattr__(self, name, value)

    @classmethod
    def of(cls, who: Viewer | str) -> Viewer:
        """A Viewer as it is, or the one in the city of this name. Raises UnknownName or InputError.

        >>> Viewer.of("London, CA").country
        'CA'
        """
        if isinstance(who, Viewer):
            return who
        if isinstance(who, str):
            return _viewer_in(who)
        raise InputError(f"a viewer is a city's name or a Viewer, not {who!r}; 'Lisbon' works")

    @property
    def lat(self) -> float:
        """Degrees north."""
        return self.place.lat

    @property
    def lon(self) -> float:
        """Degrees east."""
        return self.place.lon

    def __str__(self) -> str:
        return str(self.place)

    def __repr__(self) -> str:
        where = self.place.removeprefix("viewer ")
        if self.country is None:
            return f"Viewer(ip={self.ip!r})"
        return f"Viewer(country={self.country!r}, ip={self.ip!r})" if self.city is None else f"Viewer({where!r}, ip={self.ip!r})"


@lru_cache(maxsize=4096)
def _viewer_in(city: str) -> Viewer:
    return Viewer(city)


def _checked_address(ip: object) -> str:
    try:
        if isinstance(ip, str | IPv4Address | IPv6Address) and "%" not in str(ip):
            return str(ip_address(ip))
    except ValueError:
        pass
    raise InputError(f"viewer ip {ip!r} is not an IPv4 or IPv6 address; '192.0.2.7' and '2001:db8::7' work")


def _documentation_address(number: int) -> str:
    block, host = divmod(number % (len(_DOCUMENTATION_BLOCKS) * 254), 254)
    return f"{_DOCUMENTATION_BLOCKS[block]}.{host + 1}"
