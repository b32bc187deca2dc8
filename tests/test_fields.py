"""Reading a config that may be anything at all."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cdnlab.fields import Field, alternatives


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("x"), inner),
    )
)
def test_a_field_of_anything_reads_as_its_type_or_as_empty(value):
    field = Field(value)
    assert isinstance(field.text("x"), str) and isinstance(field.flag("x"), bool) and isinstance(field.node("x").value, dict)
    assert all(isinstance(text, str) for text in field.texts("x"))
    assert field.whole("x") is None or type(field.whole("x")) is int
    assert field.matters("x") in (True, False) and field.given("x") in (True, False)


def test_problems_and_warnings_carry_the_path():
    field = Field({"Origins": {"Items": [{"Id": "a", "Port": 7}]}})
    origin = field.items("Origins")[0]
    origin.between("Port", 80, 90, unit=" or so")
    origin.refuse("NoSuchOrigin", "", "x", "no such thing")
    origin.warn("Id", "be careful")
    assert [problem.path for problem in field.findings.problems] == ["Origins.Items[0].Port", "Origins.Items[0]"]
    assert field.findings.problems[0].legal == "80 to 90 or so"
    assert field.findings.warnings == [("Origins.Items[0].Id", "be careful")]


def test_alternatives_are_the_close_ones_or_some():
    assert alternatives("imges", ["images", "api"]) == "did you mean 'images'?"
    assert alternatives("zzz", [f"o{n}" for n in range(9)]).endswith("'o7' ...")
    assert alternatives("zzz", [], "make one first") == "make one first"
