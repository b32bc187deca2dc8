"""Values against AWS's shapes: how a message shows what it found, and what counts as nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cdnlab.shapes import Said, found, idle, look


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("abc", "'abc'"),
        ("x" * 200, "'" + "x" * 75 + "...'"),
        (7, "7"),
        (10**100, "a number of more than 60 digits"),
        (True, "true"),
        (None, "null"),
        ([1, 2], "a list of 2"),
        ({"a": 1, "b": 2, "c": 3, "d": 4}, "a structure with 'a', 'b', 'c'"),
        ({}, "an empty structure"),
        (Said("two origins"), "two origins"),
        (object(), "a object"),
    ],
)
def test_a_value_is_shown_short_whatever_it_is(value, shown):
    assert found(value) == shown


@pytest.mark.rule("CONF-71")
@pytest.mark.parametrize(
    "value", [None, "", False, 0, [], {}, {"Quantity": 0}, {"Quantity": 0, "Items": []}, {"Enabled": False, "Mode": "x"}]
)
def test_a_field_set_to_nothing_that_matters_is_idle(value):
    assert idle(value)


@pytest.mark.parametrize("value", ["x", True, 1, [0], {"Quantity": 1}, {"Enabled": True}])
def test_a_field_that_matters_is_not_idle(value):
    assert not idle(value)


@pytest.mark.rule("CONF-01")
def test_bounds_of_the_model_are_told():
    members = {"Quantity": 3, "Items": [{"OriginId": "a"}] * 3}
    assert look(members, "OriginGroupMembers").problems[0].legal == "2 items"
    assert look({"Quantity": 0, "Items": []}, "Origins").problems[0].legal == "1 or more items"
    assert look("x" * 40, "OriginShieldRegion").problems[0].legal == "1 to 32 characters"
    sampling = {"Enabled": True, "SamplingRate": 101}
    assert look(sampling, "ResponseHeadersPolicyServerTimingHeadersConfig").problems[0].legal == "0.0 to 100.0"


@pytest.mark.rule("CONF-03")
def test_names_of_fields_are_texts():
    assert look({7: "x", "Quantity": 0}, "Aliases").problems[0].rule == "the name of a field is text"


def test_reading_a_module_does_not_load_the_service_model():
    code = "import sys, cdnlab.control; print(sorted({'botocore', 'yaml', 'cryptography', 'numpy', 'pandas'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
