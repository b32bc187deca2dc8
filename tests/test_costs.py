"""The bill: what a month costs, line by line, each with price, source and rule."""

import pytest
from labs import Lab, listed
from test_meter import Photos

from cdnlab import costs
from cdnlab.costs import Replication, Usage, bill
from cdnlab.errors import InputError, UnknownName
from cdnlab.facts import table
from cdnlab.meter import GB, Item, Meter
from cdnlab.rules import rules


def line(made, label, region=None):
    found = [each for each in made.lines if each.label == label and region in (None, each.item.region)]
    assert len(found) == 1, made
    return found[0]


@pytest.mark.rule("COST-01", "COST-02", "COST-04")
def test_a_bill_shows_its_working_for_each_item_in_each_place():
    lab = Photos()
    made = bill([lab.get("Auckland"), lab.get("Auckland"), lab.get("London")], times=1_000_000)
    assert [(each.label, each.item.region) for each in made.lines] == [
        ("CloudFront to viewers", "AU"),
        ("CloudFront to viewers", "EU"),
        ("HTTPS requests", "AU"),
        ("HTTPS requests", "EU"),
        ("AWS origin to CloudFront", "global"),
        ("S3 GET requests", "eu-north-1"),
    ]
    assert line(made, "HTTPS requests", "AU").usd == pytest.approx(2_000_000 / 10_000 * 0.0125)
    assert line(made, "AWS origin to CloudFront").usd == 0
    assert line(made, "S3 GET requests").usd == pytest.approx(2_000_000 / 1000 * 0.0004)
    assert made.total == pytest.approx(sum(each.usd for each in made.lines)) == pytest.approx(sum(made.sums.values()))
    assert all(each.source and each.rule in rules() for each in made.lines)


@pytest.mark.rule("COST-03")
def test_sending_everybody_through_a_redirect_is_charged():
    lab = Photos()
    straight = bill(lab.get(), times=1e6)
    round_about = bill([lab.get(scheme="http"), lab.get()], times=1e6)
    assert line(round_about, "HTTP requests").usd == pytest.approx(0.9)
    assert "HTTP requests" not in straight.sums


@pytest.mark.rule("COST-01", "COST-11")
def test_a_month_climbs_the_steps_of_each_geography_by_itself():
    tera = 1024 * GB
    made = bill([Meter("US", bytes_out=tera), Meter("EU", bytes_out=tera)], times=20)
    for geography in ("US", "EU"):
        steps = [each for each in made.lines if each.item.region == geography]
        assert [(each.quantity, each.price) for each in steps] == [(10_240, 0.085), (10_240, 0.08)]
    assert made.total == pytest.approx(2 * 10_240 * (0.085 + 0.08))


@pytest.mark.rule("COST-06", "COST-12")
def test_an_unknown_price_is_named_and_the_total_says_that_it_is_missing():
    lab = Photos(shield="eu-west-2")
    made = bill(lab.get("Auckland"), times=1e6)
    shield = line(made, "Origin Shield requests", "eu-west-2")
    assert (shield.quantity, shield.usd) == (1e6, None)
    assert shield.note == "price unknown: data/prices.csv has no price for eu-west-2; it has sa-east-1"
    assert made.unknown == (shield,)
    assert made.says.endswith("without what is unknown: Origin Shield requests.")
    assert made.total == pytest.approx(sum(each.usd for each in made.lines if each.usd is not None))


@pytest.mark.rule("COST-06")
def test_a_shield_in_sao_paulo_has_a_known_price():
    made = bill(Photos(shield="sa-east-1").get("London"), times=10_000)
    assert line(made, "Origin Shield requests", "sa-east-1").usd == pytest.approx(0.016)
    assert not made.unknown


@pytest.mark.rule("COST-05")
def test_uploads_are_billed_on_their_way_to_the_origin():
    made = bill(Meter("EU", https_proxy=1, bytes_to_origin=GB), times=100)
    assert line(made, "CloudFront on to the origin").usd == pytest.approx(2.0)
    proxied = line(made, "HTTPS requests, proxied")
    assert (proxied.usd, proxied.note) == (pytest.approx(100 / 10_000 * 0.012), "assumed: the price of other requests")


@pytest.mark.rule("COST-07")
@pytest.mark.parametrize(
    ("paths", "usd"),
    [(0, 0), (1, 0), (1000, 0), (1001, 0.005), (1384, 1.92), (["/*"], 0), ([f"/{n}" for n in range(1384)], 1.92)],
)
def test_the_first_thousand_invalidation_paths_are_free(paths, usd):
    assert bill(invalidation_paths=paths).total == pytest.approx(usd)


@pytest.mark.rule("COST-07")
def test_74_three_paths_and_one_wildcard_are_four_paths():
    lab = Lab()
    paths = 0
    for name, items in (("1", ["/a", "/b", "/c"]), ("2", ["/*"])):
        batch = {"CallerReference": name, "Paths": listed(items)}
        made = lab.cdn.create_invalidation(DistributionId=lab.id, InvalidationBatch=batch)
        paths += made["Invalidation"]["InvalidationBatch"]["Paths"]["Quantity"]
    assert line(bill(invalidation_paths=paths), "invalidation paths").quantity == 4


@pytest.mark.rule("COST-08")
def test_replication_pays_for_storage_puts_and_the_way():
    gigabytes = 100 * GB
    made = bill(
        storage={"eu-north-1": gigabytes, "us-east-1": gigabytes},
        puts={"eu-north-1": 1000},
        replication=[Replication("eu-north-1", "us-east-1", 1000, gigabytes)],
    )
    assert made.sums == {
        "S3 storage": pytest.approx(2 * 2.3),
        "S3 PUT requests": pytest.approx(2 * 0.005),
        "S3 to another Region": pytest.approx(2.0),
    }
    assert line(made, "S3 PUT requests", "us-east-1").quantity == 1000


@pytest.mark.rule("COST-08")
@pytest.mark.parametrize(
    ("source", "destination", "usd"),
    [
        ("us-east-1", "us-west-2", 2.0),
        ("us-east-1", "us-east-2", 1.0),
        ("us-east-2", "us-east-1", 1.0),
        ("sa-east-1", "us-east-1", 13.8),
        ("eu-north-1", "eu-north-1", 0.0),
    ],
)
def test_the_way_between_two_regions_has_the_price_of_where_it_begins(source, destination, usd):
    assert bill(replication=[Replication(source, destination, 0, 100 * GB)]).total == pytest.approx(usd)


@pytest.mark.rule("COST-08")
def test_replication_time_control_costs_extra():
    made = bill(replication=[Replication("us-east-1", "us-west-2", 0, 100 * GB, timed=True)])
    assert made.sums["Replication Time Control"] == pytest.approx(1.5)


@pytest.mark.rule("COST-09")
def test_s3_straight_to_the_internet_has_its_own_price():
    made = bill(direct={"us-east-1": (1_000_000, 20_480 * GB), "sa-east-1": (0, GB)})
    assert [(each.quantity, each.price) for each in made.lines if each.label == "S3 to the internet"][:1] == [(1, 0.15)]
    assert [each.price for each in made.lines if each.item.region == "us-east-1"] == [0.0004, 0.09, 0.085]


@pytest.mark.rule("COST-10", "COST-13")
def test_the_always_free_tier_comes_off_the_first_step_in_proportion():
    used = [Meter("US", https=1, bytes_out=GB), *[Meter("AU", https=1, bytes_out=GB)] * 3]
    made = bill(used, times=5_000_000 / 2, free_tier=True)  # 2.5 PB and 10,000,000 requests
    assert [each.quantity for each in made.lines if each.label == "HTTPS requests"] == [7_500_000, 2_500_000]
    assert {each.usd for each in made.lines if each.label == "HTTPS requests"} == {0.0}
    first = [each for each in made.lines if each.label == "CloudFront to viewers" and each.item.region == "US"][:2]
    assert [(each.quantity, each.price) for each in first] == [(256, 0.0), (10_240 - 256, 0.085)]


@pytest.mark.rule("COST-10")
def test_a_small_site_is_free_with_the_free_tier_and_not_without():
    used = Photos().get()
    assert bill(used, times=1000, free_tier=True).total == pytest.approx(0.0004)  # S3 has none
    assert bill(used, times=1000).total > 0.001


@pytest.mark.rule("COST-12")
def test_an_assumed_price_says_so():
    made = bill(storage={"eu-north-1": GB})
    assert [each.note for each in made.assumed] == ["assumed: us-east-1's price"]
    assert "0.023 per GB-month, assumed" in made._repr_html_() and "Assumed: us-east-1&#x27;s price" in made._repr_html_()


def test_what_an_origin_outside_aws_sends_is_not_on_the_bill_and_the_bill_says_so():
    made = bill(Meter("EU", https=1, bytes_from_elsewhere=GB), times=2)
    assert made.notes == ("Not on it: 2 GB from origins outside AWS to CloudFront, which whoever runs them bills.",)


def test_prices_of_ones_own():
    rows = [row | {"usd": "7"} for row in table("prices.csv") if row["item"] == "requests_https"]
    made = bill(Meter("EU", https=1, bytes_out=GB), times=10_000, prices=rows)
    assert made.sums == {"CloudFront to viewers": 0.0, "HTTPS requests": pytest.approx(7)}
    assert [each.label for each in made.unknown] == ["CloudFront to viewers"]
    with pytest.raises(InputError, match="your prices has no row cloudfront,free_tier"):
        bill(Meter("EU", https=1), prices=rows, free_tier=True)


def test_the_text_fits_a_terminal_and_ends_with_what_it_is_worth():
    lab = Photos(shield="eu-west-2")
    made = bill([lab.get(city) for city in ("Auckland", "Jakarta", "London")], times=1e9, invalidation_paths=9999, storage={"sa-east-1": 1})
    lines = str(made).splitlines()
    assert max(map(len, lines)) <= 100
    assert lines[0] == made.says
    assert lines[-1] == "List prices in US dollars before tax, for teaching, not a quotation."
    assert repr(made) == str(made)


def test_the_page_has_every_line_and_escapes_what_it_is_given():
    made = bill(Meter("<b>", https=1, bytes_out=5))
    page = made._repr_html_()
    assert "<b>" not in page and page.count("<tr>") == len(made.lines) + 1
    assert [f"[{n}]" in page for n in (1, 2)] == [False, False]  # no known price, no source
    known = bill(Photos().get(), times=1e6)._repr_html_()
    assert known.count("[1]") > 1 and "[2]" in known


def test_the_frame_has_a_row_a_line_and_an_unknown_amount_is_missing_there():
    frame = bill(Photos(shield="eu-west-2").get("Auckland"), times=1e6).to_frame()
    assert list(frame.columns) == ["item", "region", "quantity", "unit", "price", "per", "usd", "note", "source", "rule"]
    assert frame.set_index("item").usd.isna()["Origin Shield requests"]


def test_numbers_from_numpy_and_pandas_are_numbers():
    import numpy as np

    meter = Meter("EU", https=1)
    assert bill(meter, times=np.int64(10_000), invalidation_paths=np.int64(1001)).total == pytest.approx(0.012 + 0.005)


def test_nothing_used_is_nothing_to_pay():
    assert (bill().lines, bill().total, bill().says) == ((), 0, "A month's bill: 0.00 US dollars.")
    assert str(bill()).startswith("A month's bill")


def test_an_item_that_nobody_foresaw_can_be_billed_with_a_list_that_has_it():
    row = {
        "service": "lambda",
        "item": "calls",
        "region": "global",
        "unit": "call",
        "tier_from": 0,
        "tier_to": "",
        "usd": 2,
        "source": "me",
    }
    assert bill(Usage({Item("lambda", "calls", "global"): 3}), prices=[row]).total == 6


@pytest.mark.parametrize(
    ("kwargs", "error", "said"),
    [
        ({"times": -1}, InputError, "times is -1"),
        ({"times": True}, InputError, "times is True"),
        ({"times": float("nan")}, InputError, "times is nan"),
        ({"used": "Lisbon"}, InputError, "cannot bill 'Lisbon'"),
        ({"storage": {"us-easy-1": 1}}, UnknownName, "us-easy-1"),
        ({"storage": {"us-east-1": -1}}, InputError, "storage is -1"),
        ({"storage": 5}, InputError, "storage is 5; give amounts by AWS Region"),
        ({"puts": {"us-east-1": "many"}}, InputError, "puts is 'many'"),
        ({"direct": {"us-east-1": 5}}, InputError, "direct"),
        ({"direct": {"us-east-1": (1, -5)}}, InputError, "bytes is -5"),
        ({"replication": [("us-east-1", "us-east-9", 1, 1)]}, UnknownName, "us-east-9"),
        ({"replication": ["us-east-1"]}, InputError, "replication holds 'us-east-1'"),
        ({"invalidation_paths": -1}, InputError, "invalidation_paths is -1"),
        ({"invalidation_paths": float("inf")}, InputError, "invalidation_paths is inf"),
        ({"invalidation_paths": 1.5}, InputError, "invalidation_paths is 1.5"),
        ({"invalidation_paths": "/*"}, InputError, "give how many, or a list of the paths"),
        ({"prices": 3}, InputError, "prices is 3"),
    ],
)
def test_what_makes_no_bill_is_refused_with_what_would_work(kwargs, error, said):
    with pytest.raises(error, match=said.replace("*", r"\*")):
        bill(**kwargs)


def test_the_rules_of_billing_are_all_about_prices():
    assert {each.rule for each in bill(Photos().get(), storage={"us-east-1": 1}, invalidation_paths=1).lines} <= set(rules())
    assert costs.__all__ == sorted(costs.__all__)
