"""The page of a journey: two lines kept apart, and everything else behind a disclosure."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import journeys as samples
import pytest
from test_staircase import Tags

from cdnlab import marks, page
from cdnlab.rules import rule
from cdnlab.steps import Treatment


def text(markup: str) -> str:
    """What a reader sees of some markup."""
    return " ".join(unescape(re.sub("<[^>]*>", " ", markup)).split())


def section(markup: str, summary: str) -> str:
    """One disclosure of the page."""
    return next(each for each in re.findall(r"<details><summary>.*?</details>", markup, re.DOTALL) if summary in each)


def line(markup: str, name: str) -> str:
    found = re.search(f"<dt>{name}</dt><dd[^>]*>(.*?)</dd>", markup, re.DOTALL)
    assert found is not None
    return text(found[1])


def test_what_the_viewer_reads_and_what_happened_are_kept_apart() -> None:
    shown = page.html(samples.brisbane())
    assert line(shown, "The viewer reads").startswith("200 X-Cache: Miss from cloudfront Age: 60")
    assert line(shown, "What happened") == "BNE: no copy → Sydney: has a copy → BNE: copy stays"


def test_an_old_copy_is_called_one_although_the_header_does_not() -> None:
    assert line(page.html(samples.stale()), "Mind") == "An old copy was served; the header says RefreshHit from cloudfront (observed)."


def test_each_step_has_its_rule_evidence_and_source_behind_a_disclosure() -> None:
    journey = samples.miss()
    rows = re.findall(r"<li>(.*?)</li>", page.html(journey), re.DOTALL)
    assert len(rows) == len(journey.steps)
    for row, step in zip(rows, journey.steps, strict=True):
        seen = text(row)
        assert all(part in seen for part in (step.says, step.rule, rule(step.rule).statement, step.evidence, step.source))
        assert row.startswith("<details><summary>")


def test_what_aws_does_not_document_carries_its_word_in_the_open() -> None:
    t = samples.Telling(samples.AUCKLAND).go(samples.AKL).note("PATH-12", "full", "miss").go(samples.AUCKLAND)
    summary = re.findall(r"<li><details><summary>(.*?)</summary>", page.html(t.told("Miss", samples.FULL)), re.DOTALL)[0]
    assert rule("PATH-12").evidence in ("observed", "our choice")
    assert rule("PATH-12").evidence in text(summary)


def test_steps_stand_in_the_order_of_time() -> None:
    journey = samples.miss()
    assert page.html(replace(journey, steps=tuple(reversed(journey.steps)))) == page.html(journey)


def test_the_time_is_added_up_way_by_way_with_its_basis() -> None:
    table = text(section(page.html(samples.miss()), "way by way"))
    assert "Auckland to edge AKL 2 x 5.0 10.0 ms assumed: " + marks.BASIS["assumed"] in table
    assert "2 x 134.6 269.2 ms measured" in table
    assert table.endswith("together 328.8 ms")


def test_the_ledger_says_what_became_of_everything_and_why() -> None:
    ledger = section(page.html(samples.miss()), "Headers, cookies, query")
    assert "1 in key, 1 sent, 1 added, 4 dropped" in text(ledger)
    rows = [text(row) for row in re.findall(r"<tr>(.*?)</tr>", ledger)]
    assert "cookie session 9f3a dropped no cache policy CachingOptimized takes no cookies" in rows
    assert "header Accept-Encoding gzip, br in key yes cache policy CachingOptimized, normalised" in rows


@pytest.mark.parametrize(
    ("in_key", "sent", "added", "word"),
    [(True, True, False, "in key"), (False, True, False, "sent"), (False, False, False, "dropped"), (False, True, True, "added")],
)
def test_a_treatment_has_one_word(in_key: bool, sent: bool, added: bool, word: str) -> None:
    assert page.treated(Treatment("header", "A", "b", in_key, sent, "", added)) == word
    assert word in marks.TREATMENTS


def test_origin_requests_are_shown_as_received() -> None:
    received = unescape(section(page.html(samples.miss()), "What the origin received: 1 request"))
    assert "GET /cat.jpg\nHost: photos.s3.eu-north-1.amazonaws.com\nUser-Agent: Amazon CloudFront" in received
    assert "What the origin received" not in page.html(samples.hit())


def test_whatever_a_viewer_writes_is_only_text() -> None:
    seen = Tags(page.html(samples.hostile()))
    assert not seen.tags & {"script", "img", "iframe", "object", "foreignobject", "image", "use"}
    assert not {each for each in seen.attributes if each.startswith("on") or each in ("id", "srcdoc")}
    assert all(target.startswith("https://docs.aws.amazon.com/") for target in seen.targets)
    assert "alert(1)" in text(page.html(samples.hostile()))


def test_two_pages_share_no_id_and_are_the_same_bytes_each_time() -> None:
    for made in samples.ALL.values():
        assert page.html(made()) == page.html(made())
        assert not re.search(r"\sid=", page.html(made()))


def test_a_journey_without_steps_says_so() -> None:
    bare = page.html(replace(samples.miss(), steps=(), legs=(), way=(), treatments=(), origin_requests=()))
    assert "explain=False" in bare
    assert "way by way" not in bare


def test_a_source_is_linked_only_when_it_is_a_page_of_the_guide() -> None:
    shown = page.html(samples.miss())
    assert f'href="{page._GUIDE}HowCloudFrontWorks.html"' in shown
    t = samples.Telling(samples.AUCKLAND).go(samples.AKL).note("PATH-12", "full", "miss").go(samples.AUCKLAND)
    assert "href" not in page.html(t.told("Miss", samples.FULL))
