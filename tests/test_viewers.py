"""Viewers stand in cities, or at a country's label point, or nowhere known; names are forgiving, mistakes are not."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from ipaddress import IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdnlab.errors import CdnlabError, InputError, UnknownName
from cdnlab.viewers import Viewer, cities, country_codes, find_city, find_country, fold

DOCUMENTATION = [ip_network(block) for block in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")]


@pytest.mark.parametrize(
    ("typed", "city", "country"),
    [
        ("Lisbon", "Lisbon", "PT"),
        ("  lisbon ", "Lisbon", "PT"),
        ("AUCKLAND", "Auckland", "NZ"),
        ("Sao Paulo", "São Paulo", "BR"),
        ("são paulo", "São Paulo", "BR"),
        ("Zurich", "Zürich", "CH"),
        ("Lodz", "Łódź", "PL"),
        ("Xi'an", "Xi\u2019an", "CN"),
        ("Izmir", "İzmir", "TR"),
        ("rostov on don", "Rostov-on-Don", "RU"),
        ("New York", "New York City", "US"),
        ("Frankfurt", "Frankfurt am Main", "DE"),
        ("Cologne", "Köln", "DE"),
        ("St. Petersburg", "Saint Petersburg", "RU"),
        ("Ashburn", "Ashburn", "US"),  # too small for the list, but an AWS Region stands there
        ("Newark", "Newark", "US"),  # ... and an edge location there
        ("Mianzhu, Deyang, Sichuan", "Mianzhu, Deyang, Sichuan", "CN"),  # a name with commas
    ],
)
def test_a_city_is_found_whatever_its_accents_and_case(typed: str, city: str, country: str) -> None:
    viewer = Viewer(typed)
    assert (viewer.city, viewer.country, viewer.place.kind, viewer.place.city) == (city, country, "viewer", city)


@pytest.mark.rule("GEO-11")
@pytest.mark.parametrize(
    ("typed", "country", "place"),
    [
        ("London", "GB", "viewer London"),
        ("London, CA", "CA", "viewer London, CA"),
        ("london,ca", "CA", "viewer London, CA"),
        ("London, Canada", "CA", "viewer London, CA"),
        ("London, GB", "GB", "viewer London"),
        ("San Jose", "US", "viewer San Jose"),
        ("San Jose, CA", "US", "viewer San Jose"),  # Canada has none of the size: California
        ("San Jose, US, CA", "US", "viewer San Jose"),
        ("San Jose, CR", "CR", "viewer San José, CR"),
        ("Washington, DC", "US", "viewer Washington"),
        ("Hyderabad, PK", "PK", "viewer Hyderabad, PK"),
        ("Suzhou, CN, 01", "CN", "viewer Suzhou, CN, 01"),
    ],
)
def test_of_namesakes_the_largest_wins_unless_a_country_or_division_is_named(typed: str, country: str, place: str) -> None:
    viewer = Viewer(typed)
    assert (viewer.country, viewer.place) == (country, place)


@pytest.mark.rule("GEO-11")
def test_city_and_country_together_pick_the_city_there_and_never_contradict() -> None:
    assert Viewer(city="London", country="CA") == Viewer("London, CA")
    assert Viewer(city="London, CA", country="ca") == Viewer("London, CA")
    with pytest.raises(UnknownName, match=r"unknown city 'Milan, MC'; did you mean 'Milan, IT'"):
        Viewer(city="Milan", country="MC")
    with pytest.raises(UnknownName, match="London, GB"):
        Viewer("London, FR")
    with pytest.raises(UnknownName):
        Viewer("London, CA", country="GB")


def test_the_label_of_a_city_leads_back_to_it_unless_a_larger_one_shares_name_country_and_division() -> None:
    hidden = [city for city in cities() if find_city(city.label) != city]
    for city in hidden:
        found = find_city(city.label)
        assert (fold(found.name), found.country, found.admin1) == (fold(city.name), city.country, city.admin1)
    assert len(hidden) == 4


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("Lisbn", "did you mean 'Lisbon'"),
        ("Monaco", r"it is a country: Viewer\(country='MC'\)"),
        ("MC", r"Viewer\(country='MC'\)"),
        ("Qqqqqq", "not among the 2,000 largest"),
        ("", "unknown city ''"),
        (",", "unknown city"),
        ("London,,", "London, GB"),
    ],
)
def test_an_unknown_city_is_named_with_what_would_work(typed: str, says: str) -> None:
    with pytest.raises(UnknownName, match=says):
        Viewer(typed)


@given(st.text(max_size=30), st.none() | st.text(max_size=4), st.none() | st.text(max_size=20))
def test_any_text_makes_a_viewer_or_a_named_error(city: str, country: str | None, ip: str | None) -> None:
    try:
        viewer = Viewer(city, country=country, ip=ip)
    except CdnlabError as error:
        assert str(error)
    else:
        assert viewer.city and viewer.country and ip_address(viewer.ip)


@pytest.mark.parametrize("bad", [None, 7, b"Lisbon", ["Lisbon"]])
def test_a_viewer_that_is_no_name_is_refused(bad: object) -> None:
    with pytest.raises(InputError, match="'Lisbon'"):
        Viewer.of(bad)  # type: ignore[arg-type]
    with pytest.raises(InputError):
        Viewer(country=bad) if bad is not None else Viewer()  # type: ignore[arg-type]
    if bad is not None:
        with pytest.raises(InputError, match="'Lisbon'"):
            Viewer(bad)  # type: ignore[arg-type]


@pytest.mark.rule("GEO-12")
def test_a_country_alone_stands_at_its_label_point() -> None:
    viewer, monaco = Viewer(country="mc"), find_country("MC")
    assert (viewer.city, viewer.country, viewer.lat, viewer.lon) == (None, "MC", monaco.lat, monaco.lon)
    assert viewer.place == "viewer Monaco"
    assert Viewer(country="NA").place == "viewer Namibia"


@pytest.mark.rule("GEO-12")
def test_a_country_without_a_label_point_says_so() -> None:
    with pytest.raises(UnknownName, match="Tokelau has none"):
        Viewer(country="TK")


@pytest.mark.rule("GEO-13")
def test_an_address_alone_has_no_country_and_stands_beside_us_east_1() -> None:
    viewer = Viewer(ip="203.0.113.77")
    assert (viewer.city, viewer.country, viewer.ip, viewer.place) == (None, None, "203.0.113.77", "viewer 203.0.113.77")
    ashburn = find_city("Ashburn")
    assert (viewer.lat, viewer.lon) == (ashburn.lat, ashburn.lon)


@pytest.mark.rule("GEO-14")
def test_an_address_that_is_not_given_is_made_up_from_the_documentation_blocks() -> None:
    made = [Viewer(city.label).ip for city in cities()] + [Viewer(country=code).ip for code in ("MC", "NA", "XK")]
    assert all(any(ip_address(ip) in block for block in DOCUMENTATION) for ip in made)
    assert not any(ip.endswith((".0", ".255")) for ip in made)
    assert len({Viewer(city.label).ip for city in cities()[:500]}) == 500
    assert Viewer("Lisbon").ip == Viewer("lisbon").ip


@pytest.mark.parametrize(
    ("given", "kept"),
    [("192.0.2.7", "192.0.2.7"), ("2001:DB8::0007", "2001:db8::7"), (IPv6Address("::1"), "::1")],
)
def test_an_address_is_kept_in_its_usual_form(given: str, kept: str) -> None:
    assert Viewer("Lisbon", ip=given).ip == kept
    assert Viewer(country="PT", ip=given).ip == kept


@pytest.mark.parametrize("bad", ["", "192.0.2", "192.0.2.256", "192.0.2.1/32", "fe80::1%eth0", "lisbon", 7, b"1234", " 192.0.2.1", True])
def test_an_address_that_is_none_is_refused(bad: object) -> None:
    with pytest.raises(InputError, match=r"viewer ip .* is not an IPv4 or IPv6 address"):
        Viewer("Lisbon", ip=bad)  # type: ignore[arg-type]


def test_a_viewer_never_changes_and_equals_its_like() -> None:
    viewer = Viewer("Lisbon")
    with pytest.raises(FrozenInstanceError):
        viewer.ip = "192.0.2.1"  # type: ignore[misc]
    assert viewer == Viewer("lisbon") and hash(viewer) == hash(Viewer("lisbon"))
    assert viewer != Viewer("Lisbon", ip="192.0.2.99")
    assert Viewer.of(viewer) is viewer
    assert Viewer.of("Lisbon") == viewer


@pytest.mark.parametrize(
    "viewer", [Viewer("Lisbon"), Viewer("London, CA"), Viewer(country="MC"), Viewer(ip="192.0.2.1"), Viewer("Lisbon", ip="::1")]
)
def test_the_repr_of_a_viewer_makes_it_again(viewer: Viewer) -> None:
    assert eval(repr(viewer)) == viewer
    assert str(viewer) == viewer.place


def test_country_codes_are_iso_3166_and_kosovo() -> None:
    codes = country_codes()
    assert len(codes) == len(set(codes)) == 250
    assert {"GB", "NA", "MC", "TK", "XK"} <= set(codes)
    assert "UK" not in codes
    assert all(len(code) == 2 and code.isascii() and code.isupper() for code in codes)


@pytest.mark.parametrize(
    ("code", "says"), [("UK", "'GB'"), ("Monaco", "Monaco is 'MC'"), ("XX", "alpha-2"), ("", "alpha-2"), ("P", "alpha-2")]
)
def test_an_unknown_country_is_named_with_what_would_work(code: str, says: str) -> None:
    with pytest.raises(UnknownName, match=says):
        find_country(code)
    with pytest.raises(UnknownName, match=says):
        Viewer(country=code)


def test_a_city_weighs_as_many_viewers_as_its_country_has_online() -> None:
    lagos, nigeria = find_city("Lagos"), find_country("NG")
    assert nigeria.internet_users is not None
    assert lagos.weight == pytest.approx(lagos.population * nigeria.internet_users / nigeria.population)
    taipei = find_city("Taipei")
    assert taipei.weight == taipei.population  # nobody counted: everybody
    assert all(0 <= city.weight <= city.population for city in cities())


def test_there_are_2000_cities_in_order_of_size() -> None:
    assert len(cities()) == 2000
    assert [city.population for city in cities()] == sorted((city.population for city in cities()), reverse=True)
