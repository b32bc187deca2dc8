"""Other ways to write a URL: each differs, tells the mistake, and there is a bounded number of them."""

from __future__ import annotations

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdnlab.resources import Address
from cdnlab.spellings import Alternative, domains, paths, patterns, queries, rewritten, schemes

WRITTEN = st.text(alphabet="ab/%2fFé+ &=?'*!();:@#~.\\\"", max_size=40)


def of(address: Address) -> list[tuple[str, Alternative]]:
    sections = {"scheme": schemes(address), "domain": domains(address, "", ()), "path": paths(address)}
    return [(name, each) for name, some in (*sections.items(), ("query", chain(queries(address), rewritten(address)))) for each in some]


@given(WRITTEN, st.none() | WRITTEN)
def test_every_alternative_differs_and_says_what_is_wrong(path: str, query: str | None) -> None:
    address = Address("https", "d111.cloudfront.net", "/" + path, query)
    found = of(address)
    assert 0 < len(found) < 2000
    for name, each in found:
        assert each.value != getattr(address, name) or name == "path", (name, each)
        assert each.note.name and each.note.says and each.note.fix.endswith((".", ")"))


@pytest.mark.parametrize(
    ("asked", "signed"),
    [
        ("flag", "flag="),
        ("flag=", "flag"),
        ("a=1&&b=2", "a=1&b=2"),
        ("a=1&b=2", "a=1&&b=2"),
        ("&a=1", "a=1"),
        ("b=2&a=1&b=3", "b=2&b=3&a=1"),
        ("f=*='x'", "f=%2A%3D%27x%27"),
        ("f=%2A!", "f=*!"),
        ("q=a+b+c", "q=a%20b+c"),
        ("q=%C3%A9", "q=é"),
        ("q=~", "q=%7E"),
        ("a=x+y&b", "a=x%20y&b="),
    ],
)
def test_the_ways_in_which_signers_rewrite_a_query_are_known(asked: str, signed: str) -> None:
    address = Address("https", "d", "/a", asked)
    assert signed in {each.value for each in chain(queries(address), rewritten(address))}


def test_hosts_and_patterns_are_tried_in_bounded_number() -> None:
    address = Address("https", "d111.cloudfront.net", "/" + "a/" * 500, None)
    hosts = tuple(f"h{number}.example.org" for number in range(1000))
    assert len(list(domains(address, "", hosts))) < 100 and len(list(patterns(address, hosts))) < 5000


def test_what_is_too_long_is_not_respelt() -> None:
    address = Address("https", "d", "/" + "a%20" * 2000, "q=" + "+" * 4000)
    assert list(paths(address)) == [] and list(rewritten(address)) == []
