"""data/README.md describes every table as it is, and NOTICE credits everybody whose work lies in data/."""

import csv
import gzip
import re
from pathlib import Path

import pytest

from cdnlab.facts import data_path, json_file, table

README = data_path("README.md").read_text(encoding="utf-8")
NOTICE = (Path(__file__).parent.parent / "NOTICE").read_text(encoding="utf-8")
FILES = sorted(path.name for path in data_path().iterdir() if path.is_file() and path.name != "README.md")


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_described(name):
    assert name in README


def test_the_test_keys_are_named_and_there_are_no_others():
    keys = {path.name for path in data_path("keys").iterdir()}
    assert keys == set(re.findall(r"test_\w+\.pem", README)) and len(keys) == 3


@pytest.mark.parametrize(("name", "rows"), re.findall(r"(\w+\.csv) \(([0-9,]+) rows", README))
def test_every_table_has_as_many_rows_as_it_says(name, rows):
    with data_path(name).open(encoding="utf-8", newline="") as file:
        assert sum(1 for _ in file) - 1 == int(rows.replace(",", ""))


@pytest.mark.parametrize(("name", "rows"), re.findall(r"(\w+\.csv\.gz) \| ([0-9,]+) \|", README))
def test_every_trace_has_as_many_requests_as_it_says(name, rows):
    with gzip.open(data_path("traces", name), "rt", encoding="utf-8", newline="") as file:
        assert sum(1 for _ in csv.reader(file)) - 1 == int(rows.replace(",", ""))


@pytest.mark.parametrize("folder", ["logs", "configs"])
def test_every_sample_names_its_licence_and_its_repository_is_credited(folder):
    index = json_file(folder, "index.json")
    assert {row["file"] for row in index} == {path.name for path in data_path(folder).iterdir()} - {"index.json"}
    for row in index:
        assert row["licence"] and row["commit"] and row["path"]
        credited = row["repo"].removeprefix("awsdocs/").replace("amazon-cloudfront-developer-guide", "CloudFront Developer Guide")
        assert credited.replace("amazon-s3-userguide", "S3 User Guide") in NOTICE, row["repo"]


@pytest.mark.parametrize("source", ["GeoNames", "Our World in Data", "headissue", "Natural Earth", "cloudping.co", "infracost", "caffeine"])
def test_every_source_is_credited_in_the_readme_and_in_the_notice(source):
    assert source in README.split("## Attribution")[1]
    assert source in NOTICE


def test_the_counts_of_people_are_as_described():
    countries = table("countries.csv")
    assert sum(1 for row in countries if row["internet_users"]) == 212
    assert sum(1 for row in countries if int(row["internet_users"] or 0) > int(row["population"]) > 0) == 5
    assert min(int(row["population"]) for row in table("cities.csv")) == 296_973
