"""A Resource that does not cover the URL: what it would have to say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mistakes import AT, PEMS, custom, sent

from cdnlab.signing import Diagnosis, diagnose


def ask(resource: str, url: str) -> Diagnosis:
    return diagnose(sent("KRSA", custom(resource.replace("\\", "\\\\").replace('"', '\\"')), url), keys=PEMS, at=AT)


@pytest.mark.parametrize(
    ("resource", "url", "repairs"),
    [
        ("https://d/a?q=a+b", "https://d/a?q=a%20b", ("re-encoded query",)),
        ("https://d/é/*?q=*", "https://d/%C3%A9/x?q=1", ("re-encoded path",)),
        ("https://d/é/*.jpg", "https://d/%C3%A9/x.jpg?q=1", ("re-encoded path", "query not covered")),
        ("https://d/a?a=1&b=2", "https://d/a?b=2&a=1", ("reordered query",)),
        ("https://d/a?a=1&b", "https://d/a?b=&a=1", ("reordered query",)),
        ("https://d/A?X=1", "https://d/a?x=1", ("letter case of the path", "letter case of the query")),
        ("http://d/é", "https://d/%C3%A9", ("wrong scheme", "re-encoded path")),
        ("https://e/é", "https://d/%C3%A9", ("wrong host", "re-encoded path")),
        ("https://d:443/a", "https://d/a", ("port in the signed URL",)),
        ("https://d:80/*", "https://d/a", ("port in the signed URL",)),
        ("https://d:8080/*", "https://d/a", ("wrong host",)),
        ("https://d/a#t=1", "https://d/a", ("fragment",)),
        ("https://d/é#t=1", "https://d/%C3%A9", ("fragment", "re-encoded path")),
        ("https://d/myfile", "https://d/my%20file", ("white space taken out",)),
        ("https://d/a/", "https://d/a", ("trailing slash",)),
        ("https://d//a/*", "https://d/a/b", ("doubled slash",)),
        ("https://d/a?x=1", "https://d/a?x=1&y=2", ("query not covered",)),
        ("/a", "https://d/a", ("path-only resource",)),
        ("https://d/a", "https://d/b", ("policy for one file",)),
        ("https://d/a*", "https://d/b", ("another path",)),
    ],
)
def test_the_smallest_change_is_told(resource: str, url: str, repairs: tuple[str, ...]) -> None:
    found = ask(resource, url)
    assert (found.code, found.repairs) == ("AccessDenied", repairs)


@given(st.text(max_size=60), st.from_regex(r"/[a-z%+]{0,5}(\?[a-z&=+%]{0,9})?", fullmatch=True))
def test_whatever_the_resource_says_there_is_an_answer(resource: str, tail: str) -> None:
    found = ask("https://d" + resource.encode("unicode_escape").decode(), f"https://d{tail}")
    assert found.ok or (found.code and found.fix)
