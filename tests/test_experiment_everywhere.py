"""Lesson 01's experiment: waits, versions and copies come from the library, and the surprises really happen."""

from __future__ import annotations

import re
from random import Random
from statistics import mean

import pytest

from cdnlab.errors import InputError, UnknownName
from cdnlab.exercises import lesson
from cdnlab.experiments import everywhere, lateness, traffic
from cdnlab.experiments.everywhere import WAYS, three_ways
from cdnlab.experiments.traffic import HOME, HOUR, MAX_AGE, NEW, OLD, REGIONS, direct, opened, straight, towns, world
from cdnlab.geography import LAST_MILE_MS, Viewer, cities, nearest_edge, region, rtt

OPEN = "Open it in Auckland"


def ways(per_day=1.0, hours=0.0):
    return dict(zip(WAYS, three_ways(per_day, hours), strict=True))


# ---- the towns and the buckets


def test_the_towns_stand_for_nearly_all_users_of_the_largest_cities_and_each_for_itself():
    everyone = sum(city.weight for city in cities())
    assert 0.95 < sum(town.users for town in towns()) / everyone <= 1
    assert [town.users for town in towns()] == sorted((town.users for town in towns()), reverse=True)
    assert len({town.name for town in towns()}) == len(towns()) == 150
    assert all(town.edge == nearest_edge(town.viewer) for town in towns())


def test_no_two_towns_are_closer_than_what_one_stands_for():
    spots = [town.viewer.place for town in towns()]
    closest = min(traffic.great_circle_km(a, b) for n, a in enumerate(spots) for b in spots[:n])
    assert closest >= traffic.APART_KM


def test_a_near_bucket_is_as_far_as_the_fitted_line_says_and_a_far_one_passes_a_measured_region():
    madrid, shanghai = Viewer("Madrid"), Viewer("Shanghai")
    assert straight(madrid, HOME) == LAST_MILE_MS + rtt(madrid.place, region(HOME)).ms
    seoul = region("ap-northeast-2")
    assert straight(shanghai, HOME) == LAST_MILE_MS + rtt(shanghai.place, seoul).ms + rtt(seoul, region(HOME)).ms
    assert straight(shanghai, HOME) > LAST_MILE_MS + rtt(shanghai.place, region(HOME)).ms + 100


def test_six_buckets_have_the_new_photo_when_replication_is_through_and_stockholm_at_once():
    here, viewer = world(lag=60), Viewer("Tokyo")
    here.upload()
    for seconds, abroad in ((0, False), (59, False), (1, True)):
        here.cdn.clock.advance(seconds)
        assert direct(here.home, viewer).new
        assert {direct(here.buckets[name], viewer).new for name in REGIONS if name != HOME} == {abroad}


def test_the_buckets_replicate_with_rules_that_boto3_would_take():
    rules = world().home.get_bucket_replication()["ReplicationConfiguration"]["Rules"]
    assert [rule["Destination"]["Bucket"] for rule in rules] == [f"arn:aws:s3:::photos-{name}" for name in REGIONS[1:]]


# ---- the traffic


def test_leaving_out_the_hits_that_change_nothing_changes_nothing():
    """The same caches, whether every request is sent or only those that find no fresh copy: as many fresh copies on average."""
    per_day, kept = 20.0, {True: list[int](), False: list[int]()}
    for seed in range(40):
        here = world()
        traffic.caches(here, per_day, MAX_AGE, 2 * MAX_AGE, seed=seed)
        kept[True].append(sum(each.fresh_for > 0 for each in here.cdn.copies(here.url)))
        here, random = world(), Random(seed)
        late = {site.region: (n + 0.5) / 13 * MAX_AGE for n, site in enumerate(traffic.regionals())}
        times = []
        for town in towns():
            at = late[traffic.regional_for(town.edge).region]
            while (at := at + random.expovariate(1) * 86_400 / per_day) < 2 * MAX_AGE:
                times.append((at, town.viewer))
        start = here.cdn.clock.now()
        for at, viewer in sorted(times, key=lambda pair: pair[0]):
            here.cdn.clock.advance(max(0.0, start + at - here.cdn.clock.now()))
            here.cdn.get(here.url, viewer=viewer, explain=False)
        here.cdn.clock.advance(max(0.0, start + 2 * MAX_AGE - here.cdn.clock.now()))
        kept[False].append(sum(each.fresh_for > 0 for each in here.cdn.copies(here.url)))
    assert mean(kept[True]) == pytest.approx(mean(kept[False]), rel=0.1)


@pytest.mark.parametrize("hours", [0.1, 0.25, 0.5, 0.75, 0.99, 1])
def test_the_age_of_a_copy_tells_who_would_get_the_old_photo(hours):
    """Lesson 01's second panel reads the Age; the first replaces the photo for real."""
    by_age = [
        journey.response.body == OLD and int(journey.response.headers.get("Age") or 0) >= hours * HOUR
        for journey in opened(10.0, 0).journeys
    ]
    assert by_age == [journey.response.body == OLD for journey in opened(10.0, hours * HOUR).journeys]


def test_the_same_settings_give_the_same_world():
    first = opened(3.0, 600.0)
    opened.cache_clear()
    again = opened(3.0, 600.0)
    assert [each.latency_ms for each in first.journeys] == [each.latency_ms for each in again.journeys]
    assert first.copies == again.copies


# ---- the surprises


def test_the_first_viewer_of_a_cdn_gains_nothing():
    journey, (one, six, cdn) = everywhere.first()
    assert (one.new, six.new, cdn.new) == (True, False, True)
    assert cdn.ms >= one.ms > 5 * six.ms
    assert [place.kind for place in journey.way] == ["viewer", "edge", "regional", "origin"]
    assert everywhere.winner((one, six, cdn)) == "one bucket"


def test_where_few_ask_a_cdn_helps_nobody_and_holds_nothing():
    few = ways(per_day=0.1)
    assert few["CDN"].median == pytest.approx(few["one bucket"].median, rel=0.1)
    assert len(few["CDN"].copies) == 1


def test_at_one_request_a_day_most_users_gain_little_and_at_many_nearly_all_gain():
    def gain(per_day):
        both = ways(per_day)
        gaining = zip(towns(), both["CDN"].got, both["one bucket"].got, strict=True)
        return sum(town.users for town, cdn, one in gaining if cdn.ms < one.ms / 2) / sum(town.users for town in towns())

    assert gain(0.1) < 0.02 < gain(1) < 0.3 < 0.9 < gain(1000)


def test_six_buckets_hold_copies_that_nobody_asks_for_and_a_cdn_does_not():
    assert [ways(per_day)["six buckets"].unasked for per_day in (0.01, 0.1, 1, 100)] == [5, 1, 0, 0]
    assert {way.unasked for word, way in ways(0.01).items() if word != "six buckets"} == {0}


def test_only_the_cdns_median_depends_on_how_many_ask():
    few, many = ways(0.01), ways(10_000)
    assert few["one bucket"].median == many["one bucket"].median
    assert few["six buckets"].median == many["six buckets"].median
    assert few["CDN"].median > 5 * many["CDN"].median


def test_copies_lag_each_by_its_own_clock():
    old = {word: [ways(100, hours)[word].old for hours in (0, 0.1, 0.25, 0.5, 0.75, 1, 24)] for word in WAYS}
    assert set(old["one bucket"]) == {0}
    assert old["six buckets"][:2] == [105, 105] and set(old["six buckets"][2:]) == {0}
    assert old["CDN"] == sorted(old["CDN"], reverse=True)
    assert (old["CDN"][0], old["CDN"][-2:]) == (150, [0, 0])


def test_a_copy_is_counted_only_where_it_may_be_used():
    way = ways(1000)["CDN"]
    assert len(way.copies) == 1 + len(opened(1000, 0).copies)
    assert {place.kind for place in way.copies} == {"origin", "edge", "regional"}


def test_the_median_counts_each_town_for_its_users():
    way = ways()["one bucket"]
    below = sum(town.users for town, got in zip(towns(), way.got, strict=True) if got.ms < way.median)
    upto = sum(town.users for town, got in zip(towns(), way.got, strict=True) if got.ms <= way.median)
    half = sum(town.users for town in towns()) / 2
    assert below < half <= upto


# ---- the panel


def test_the_panel_starts_with_something_to_see_and_asks_before_it_tells():
    panel = everywhere.panel()
    assert repr(panel).startswith("Three ways to be everywhere. The new photo was uploaded a moment ago")
    assert panel.said()[0]["outcome"] == ""
    assert panel.result.race == ()


def test_a_press_settles_the_prediction_and_start_over_forgets_it():
    panel = everywhere.panel()
    said = panel.press(OPEN, fastest="CDN")
    assert "First viewer in Auckland: one bucket 323 ms (new), six buckets 52 ms (old), CDN 331 ms (new)." in said
    (told,) = panel.said()
    assert told["answer"] == "“CDN”" and told["outcome"].startswith("The new photo comes soonest from one bucket: 323 ms.")
    assert "you" in everywhere.view(panel.result)
    panel.reset()
    assert panel.result.race == () and panel.said()[0]["answer"] is None


def test_the_twin_has_a_line_for_each_way():
    panel = everywhere.panel()
    assert panel.set(per_day=1000, hours=0.5) == (
        "30 min after the upload, 1,000 requests per city and day.\n"
        "One bucket: median 232 ms, 0 of 150 cities old, 1 copy.\n"
        "Six buckets: median 52 ms, 0 of 150 cities old, 6 copies.\n"
        "CDN: median 20 ms, 80 of 150 cities old, 86 copies."
    )


@pytest.mark.parametrize("per_day", [0.01, 1, 10_000])
@pytest.mark.parametrize("hours", [0, 0.5, 24])
@pytest.mark.parametrize("way", WAYS)
def test_the_picture_shows_every_town_and_speaks_the_visual_language(way, hours, per_day):
    panel = everywhere.panel()
    panel.set(way=way, hours=hours, per_day=per_day)
    page = everywhere.view(panel.result)
    assert page.count("<circle") >= len(towns())
    assert all(f"<title>{town.name.replace(chr(39), '&#x27;')}: " in page for town in towns()[:20])
    assert not re.search(r"#[0-9a-fA-F]{3,6}\b(?!;)", page)
    assert f"▶ {way}" in page
    assert everywhere.comment(panel.result) in page.replace("&#x27;", "'")


def test_the_comment_is_reckoned_and_never_canned():
    panel = everywhere.panel()
    comments = set()
    for way in WAYS:
        for per_day in (0.01, 1, 1000):
            for hours in (0, 1):
                panel.set(way=way, per_day=per_day, hours=hours)
                comments.add(everywhere.comment(panel.result))
    assert len(comments) == 9
    panel.set(way="six buckets", per_day=0.01, hours=1)
    assert everywhere.comment(panel.result).endswith("5 of 6 copies lie there for nobody.")


@pytest.mark.parametrize(
    ("values", "error"),
    [({"way": "satellite"}, UnknownName), ({"per_day": 2}, InputError), ({"hours": -1}, InputError), ({"fastest": "pigeons"}, UnknownName)],
)
def test_what_the_panel_does_not_know_is_named(values, error):
    with pytest.raises(error):
        everywhere.panel().set(**values)


def test_look_inside_shows_the_first_viewers_journey():
    panel = everywhere.panel()
    assert panel._inside(panel.result) == "Nobody has opened the photo in Auckland yet."
    panel.press(OPEN)
    assert "regional cache Sydney" in panel._inside(panel.result)


# ---- the second panel


def test_the_old_photo_lives_as_long_as_each_clock_says():
    shown = lateness.model(lag=900, max_age=3600, price=False)
    shares = [shown.old(seconds) for seconds in range(0, 3700, 60)]
    assert shares == sorted(shares, reverse=True) and shares[0] == pytest.approx(1) and shares[-1] == 0
    assert 0.7 < shown.six < 0.8
    assert shown.usd == ()


@pytest.mark.parametrize("max_age", [60, 600, 3600, 86_400])
def test_nobody_gets_the_old_photo_longer_than_max_age(max_age):
    assert lateness.model(lag=900, max_age=max_age, price=False).old(max_age + 1) == 0


def test_shorter_is_newer_and_asks_stockholm_more_often():
    shown = [lateness.model(lag=900, max_age=max_age, price=False) for max_age in (60, 600, 3600, 21_600, 86_400)]
    asked = [each.asked[0] for each in shown]
    assert asked == sorted(asked, reverse=True) and asked[0] < shown[0].asked[1]
    assert [each.medians[2] for each in shown] == sorted((each.medians[2] for each in shown), reverse=True)


def test_the_bills_are_those_of_costs_and_stand_behind_a_toggle():
    panel = lateness.panel()
    assert "USD" not in lateness.view(panel.result)
    said = panel.set(price=True)
    totals = [bill.total for bill in lateness.bills().values()]
    assert said.endswith("A month: " + ", ".join(f"{way} {total:,.2f}" for way, total in zip(WAYS, totals, strict=True)) + " US dollars.")
    assert "USD a month" in lateness.view(panel.result)


def test_every_way_serves_the_same_month():
    bills = lateness.bills()
    requests = 150 * lateness.PER_DAY * lateness.DAYS
    asked = {word: sum(line.quantity for line in bill.lines if line.label == "S3 GET requests") for word, bill in bills.items()}
    assert asked["one bucket"] == asked["six buckets"] == requests > 20 * asked["CDN"]
    assert sum(line.quantity for line in bills["CDN"].lines if line.label == "HTTPS requests") == requests
    gigabytes = requests * len(NEW) / 2**30
    for bill in bills.values():
        sent = sum(line.quantity for line in bill.lines if line.label in ("S3 to the internet", "CloudFront to viewers"))
        assert sent == pytest.approx(gigabytes, rel=0.01)


def test_the_second_panel_speaks_the_visual_language_and_marks_what_is_assumed():
    panel = lateness.panel()
    for lag in lateness._LAGS:
        for max_age in lateness._AGES:
            panel.set(lag=lag, max_age=max_age)
            page = lateness.view(panel.result)
            assert "assumed" in page and "assumed" in panel.sentence
            assert not re.search(r"#[0-9a-fA-F]{3,6}\b(?!;)", page)


# ---- the exercises


def test_the_exercises_reckon_with_the_library():
    ask = lesson("01")
    assert ask.q1.right == ["new", "old", "old"]
    assert ask.q2.right == [6000, 180]
    assert ask.q3.right == "CDN"


@pytest.mark.parametrize("says", ["max-age=600", "max-age=1800", "max-age=3600", "s-maxage=3600, max-age=5", "public, max-age=900"])
def test_the_incident_takes_every_good_repair(says):
    assert lesson("01").q4.check({"Key": "cat.jpg", "CacheControl": says}).outcome == "correct"


@pytest.mark.parametrize(
    ("repair", "said"),
    [
        ({"Key": "cat.jpg", "CacheControl": "max-age=86400"}, "143 of 150 cities still get the old photo"),
        ({"Key": "cat.jpg", "CacheControl": ""}, "still get the old photo"),
        ({"Key": "cat.jpg", "CacheControl": "max-age=60"}, "Stockholm is asked for"),
        ({"Key": "cat.jpg", "CacheControl": "no-cache"}, "Stockholm is asked for 99%"),
        ({"Key": "cat-2.jpg", "CacheControl": "max-age=3600"}, "Under another name"),
        ({"Key": "cat.jpg"}, "two fields"),
        ({"Key": "cat.jpg", "CacheControl": 3600}, "two fields"),
        ({"Key": "cat.jpg", "CacheControl": "max-age=3600", "TTL": "1"}, "two fields"),
        ({"Key": "cat.jpg", "CacheControl": "max-age=one hour"}, "Stockholm is asked for 99%"),
    ],
)
def test_the_incident_says_what_a_bad_repair_would_do(repair, said):
    verdict = lesson("01").q4.check(repair)
    assert verdict.outcome == "not yet" and said in verdict.text


def test_no_two_dollar_signs_stand_in_one_text_where_jupyter_would_make_a_formula_of_them():
    panel = lateness.panel()
    panel.set(price=True)
    for text in (panel.now._repr_html_(), str(panel.sentence), lateness.bills()["CDN"]._repr_html_(), str(lateness.bills()["CDN"])):
        assert text.count("$") < 2
