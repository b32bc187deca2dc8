"""Facts are found in the wheel or in the checkout, and read as text."""

import pytest

from cdnlab.errors import UnknownName
from cdnlab.facts import data_path, json_file, lessons_path, table, toml_file


def test_the_tables_are_found_and_read_as_text():
    rows = table("countries.csv")
    assert any(row["iso2"] == "NA" for row in rows)
    assert table("countries.csv") is rows
    assert json_file("configs", "index.json")
    assert toml_file("rules.toml")["rule"]
    assert lessons_path().is_dir()


def test_a_file_that_is_not_there_is_named_with_what_is():
    with pytest.raises(UnknownName, match=r"countries\.csv"):
        data_path("countrys.csv")
