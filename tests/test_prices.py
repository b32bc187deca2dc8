"""Price lists: dated data that can be edited, steps of a month's volume, and what is not known."""

import csv

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdnlab.errors import InputError
from cdnlab.facts import data_path, table
from cdnlab.meter import Item
from cdnlab.prices import Prices

OUT = Item("cloudfront", "data_transfer_out_internet", "US")
ROW = {"service": "s", "item": "i", "region": "r", "unit": "GB", "tier_from": 0, "tier_to": "", "usd": 1, "source": "me"}


def usd(charges):
    return sum(charge.usd for charge in charges)


def test_every_row_of_our_own_list_can_be_read_and_names_its_source():
    frame = Prices.of(None).to_frame()
    assert len(frame) == len(table("prices.csv"))
    assert all(frame.source)


@pytest.mark.parametrize(
    ("gigabytes", "dollars"),
    [
        (0, 0),
        (1, 0.085),
        (10_240, 870.4),
        (10_241, 870.48),
        (51_200, 870.4 + 40_960 * 0.08),
        (6 * 2**20, 870.4 + 40_960 * 0.08 + 102_400 * 0.06 + 358_400 * 0.04 + 536_576 * 0.03 + 4 * 2**20 * 0.025 + 2**20 * 0.02),
    ],
)
@pytest.mark.rule("COST-01")
def test_transfer_gets_cheaper_step_by_step(gigabytes, dollars):
    assert usd(Prices.of(None).charges(OUT, gigabytes)) == pytest.approx(dollars)


@given(st.floats(0, 1e7), st.floats(0, 1e7), st.floats(0, 1e7))
def test_a_volume_costs_the_same_in_one_piece_and_in_two(start, first, second):
    prices = Prices.of(None)
    whole = prices.charges(OUT, first + second, start=start)
    parts = [*prices.charges(OUT, first, start=start), *prices.charges(OUT, second, start=start + first)]
    assert usd(whole) == pytest.approx(usd(parts), rel=1e-6, abs=1e-6)
    assert sum(charge.quantity for charge in whole) == pytest.approx(first + second, abs=1e-6)


@given(st.floats(0, 1e7), st.floats(0, 1e7))
def test_more_never_costs_less(less, more):
    prices = Prices.of(None)
    assert usd(prices.charges(OUT, less)) <= usd(prices.charges(OUT, less + more)) + 1e-6


@pytest.mark.rule("COST-12")
def test_an_unknown_price_is_none_and_says_where_there_is_one():
    prices, shield = Prices.of(None), Item("cloudfront", "origin_shield_requests", "eu-west-2")
    (charge,) = prices.charges(shield, 10)
    assert (charge.quantity, charge.price, charge.usd) == (10, None, None)
    assert prices.why_unknown(shield) == "data/prices.csv has no price for eu-west-2; it has sa-east-1"


@pytest.mark.rule("COST-12")
def test_s3_elsewhere_has_the_price_of_us_east_1_and_says_that_it_is_assumed():
    prices = Prices.of(None)
    (here,), (there,) = (prices.charges(Item("s3", "storage_standard", region), 1) for region in ("us-east-1", "eu-north-1"))
    assert (here.usd, here.assumed) == (0.023, "")
    assert (there.usd, there.assumed) == (0.023, "assumed: us-east-1's price")


@pytest.mark.rule("COST-12")
def test_a_volume_beyond_the_known_steps_is_unknown():
    prices, stored = Prices.of(None), Item("s3", "storage_standard", "us-east-1")
    known, unknown = prices.charges(stored, 60_000)
    assert (known.quantity, known.usd) == (51_200, pytest.approx(1177.6))
    assert (unknown.quantity, unknown.usd) == (8_800, None)
    assert prices.why_unknown(stored) == "data/prices.csv has a price for a smaller volume only"


def test_a_gap_between_two_steps_is_unknown_too():
    prices = Prices([ROW | {"tier_to": 10}, ROW | {"tier_from": 20, "usd": 2}])
    assert [(charge.quantity, charge.usd) for charge in prices.charges(Item("s", "i", "r"), 25)] == [(10, 10), (10, None), (5, 10)]


def test_a_list_can_be_copied_edited_and_handed_back(tmp_path):
    rows = [dict(row) for row in table("prices.csv")]
    for row in rows:
        if (row["item"], row["region"]) == ("requests_https", "EU"):
            row["usd"] = "1"
    mine = tmp_path / "mine.csv"
    with mine.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    item = Item("cloudfront", "requests_https", "EU")
    for source in (mine, str(mine), rows, pd.DataFrame(rows), Prices(rows)):
        assert usd(Prices.of(source).charges(item, 10_000)) == 1
    assert usd(Prices.of(None).charges(item, 10_000)) == 0.012


def test_the_list_as_a_frame_reads_back_as_the_same_list():
    own = Prices.of(None)
    pd.testing.assert_frame_equal(Prices.of(own.to_frame()).to_frame(), own.to_frame())


def test_a_byte_order_mark_from_a_spreadsheet_does_not_matter(tmp_path):
    mine = tmp_path / "mine.csv"
    mine.write_bytes(b"\xef\xbb\xbf" + data_path("prices.csv").read_bytes())
    assert Prices.of(mine).steps(OUT) == Prices.of(None).steps(OUT)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"usd": "cheap"}, "row 1: usd is 'cheap'; write a number, 0 or more"),
        ({"usd": -1}, "row 1: usd is -1"),
        ({"usd": float("nan")}, "row 1: usd is nan"),
        ({"usd": ""}, "row 1: usd is ''"),
        ({"tier_to": 0}, "row 1: tier_to is 0, which is not above tier_from, 0"),
        ({"tier_from": "x"}, "row 1: tier_from is 'x'"),
        ({"unit": "a lot of GB"}, "row 1: unit is 'a lot of GB'; write it like 'GB'"),
    ],
)
def test_a_row_that_makes_no_sense_is_named(change, said):
    with pytest.raises(InputError, match="your prices, " + said.replace("(", r"\(")):
        Prices.of([ROW | change])


def test_steps_that_overlap_or_change_their_unit_are_refused():
    with pytest.raises(InputError, match="the steps of s i r overlap: 0 to 10, and from 5"):
        Prices([ROW | {"tier_to": 10}, ROW | {"tier_from": 5}])
    with pytest.raises(InputError, match="the steps of s i r overlap"):
        Prices([ROW, ROW])
    with pytest.raises(InputError, match="the steps of s i r have different units"):
        Prices([ROW | {"tier_to": 10}, ROW | {"tier_from": 10, "unit": "1000 GB"}])


def test_a_missing_column_is_named():
    with pytest.raises(InputError, match="row 1: lacks usd; the columns are service"):
        Prices.of([{name: value for name, value in ROW.items() if name != "usd"}])
    with pytest.raises(InputError, match="row 1: lacks service"):
        Prices.of(["us-east-1"])


@pytest.mark.parametrize("odd", [3, {"a": 1}, b"x", True])
def test_what_is_no_price_list_is_refused(odd):
    with pytest.raises(InputError, match="give a path to a table like"):
        Prices.of(odd)


def test_a_file_that_is_not_there_or_no_text_is_one_sentence(tmp_path):
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe\x00")
    for name in ("none.csv", "x.csv", "."):
        with pytest.raises(InputError, match="cannot read the price list"):
            Prices.of(tmp_path / name)
