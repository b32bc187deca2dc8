"""Lesson 10's experiments: who gets in at which door, which statement decided, and the incidents that have to be repaired."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import pytest

from cdnlab.errors import AccessDenied, UnknownName
from cdnlab.exercises import lesson
from cdnlab.experiments import clinic, deputy, doors, gallery, moving, room, uniform
from cdnlab.lint import lint
from cdnlab.oai import Identity, evaluate
from cdnlab.panels import Panel

NAMES = tuple(doors.STATEMENTS)
LISTS = [tuple(name for name, on in zip(NAMES, each, strict=True) if on) for each in itertools.product((True, False), repeat=3)]
BOARD = {  # statements on the list: street door (exists, missing), staff door (exists, missing)
    (): (403, 403, 403, 403),
    ("list",): (403, 403, 403, 403),
    ("read",): (403, 403, 200, 403),
    ("read", "list"): (403, 403, 200, 404),
    ("public",): (200, 403, 200, 403),
    ("public", "list"): (200, 403, 200, 404),
    ("public", "read"): (200, 403, 200, 403),
    ("public", "read", "list"): (200, 403, 200, 404),
}
ALL = pytest.mark.parametrize("names", LISTS, ids=lambda names: "+".join(names) or "nobody")


def set_to(names: tuple[str, ...]) -> dict[str, bool]:
    return {name: name in names for name in NAMES}


def knocked(*names: str, **said: str) -> Panel[doors.Doors]:
    panel = doors.panel()
    panel.press("Knock", **set_to(names), **said)
    return panel


# ---- two doors: the model


@ALL
def test_every_list_gives_the_statuses_of_s3s_table(names):
    assert tuple(knock.status for knock in knocked(*names).result.knocks) == BOARD[names]


@ALL
def test_the_statement_that_is_lit_allows_what_was_done_and_without_it_nothing_would(names):
    for knock in knocked(*names).result.knocks:
        if knock.sid:
            assert knock.status in (200, 404)
            action = "s3:ListBucket" if knock.status == 404 else "s3:GetObject"
            lit = next(each for each in knocked(*names).result.policy if each["Sid"] == knock.sid)
            assert lit["Action"] == action and (knock.door == "staff door" or lit["Principal"] == "*")
        else:
            assert knock.status == 403
            assert "no statement" in knock.why or (knock.decision.rule == "S3-11" and "may read, but not list" in knock.why)


@ALL
def test_what_is_told_of_the_staff_door_is_what_the_journey_had(names):
    for knock in knocked(*names).result.knocks[2:]:
        assert knock.journey is not None
        (said,) = (step for step in knock.journey.steps if step.place.kind == "origin")
        assert said.says == f"answers {knock.status}: {knock.decision.why}" and said.rule == knock.decision.rule


@pytest.mark.rule("OAI-09")
def test_a_new_guest_shuts_nobody_out():
    panel = knocked("public", "read", street="yes, shut: 403")
    assert panel.result.status("street door", "/cat.jpg") == 200
    assert panel.result.knocks[0].sid == "PublicRead"
    assert "A new guest shuts nobody out" in doors.comment(panel.result)
    assert panel.said()[0]["outcome"] == "The street door answered 200: PublicRead lets everybody in, whoever else is on the list."


@pytest.mark.rule("S3-10", "S3-11")
def test_who_may_list_is_told_that_a_photo_is_missing():
    panel = knocked("read")
    assert panel.said()[1]["asked"] and panel.said()[1]["outcome"] == ""
    panel.press("Knock", list=True, missing="403, as before")
    assert panel.said()[1]["outcome"] == "The staff door answered 404: OaiList lets the OAI know."
    panel.press("Knock", public=True, read=False, list=False)
    assert panel.said()[1]["outcome"].startswith("The staff door answered 404"), "an answer once given stays"


def test_with_one_list_and_not_the_other_nobody_gets_in():
    assert "may list, but not read" in doors.comment(knocked("list").result)
    assert "is not on the list either" in doors.comment(knocked().result)


def test_a_change_of_the_list_takes_the_answers_away_until_somebody_knocks():
    panel = knocked("read")
    assert panel.set(list=True) == "On the list: OaiRead, OaiList. Nobody has knocked since it changed."
    assert panel.result.knocks == () and "before: 403" in doors.view(panel.result)
    panel.set(list=False)
    assert panel.result.knocks, "the old list again, the old answers"


# ---- two doors: the words and the picture


def test_the_start_asks_and_does_not_answer():
    panel = doors.panel()
    page = panel.now._repr_html_()
    assert panel.sentence == "On the list: PublicRead. Nobody has knocked yet."
    assert "Is the street door shut now?" in repr(panel) and "200<" not in page and "cdnlab-leg" not in page


def test_the_twin_alone_tells_the_story():
    assert str(knocked("read", "list").sentence).split("\n") == [
        "street door, cat.jpg (exists): 403 because no statement lets the caller in.",
        "street door, dog.jpg (missing): 403 because no statement lets the caller in.",
        "staff door, cat.jpg (exists): 200 because OaiRead lets the OAI in.",
        "staff door, dog.jpg (missing): 404 because OaiList lets the OAI know.",
    ]


@ALL
def test_a_line_leads_from_each_answer_to_the_statement_that_gave_it(names):
    result = knocked(*names).result
    picture = doors.view(result)
    assert picture.count("cdnlab-leg") == sum(bool(knock.sid) for knock in result.knocks)
    assert picture.count('class="cdnlab-lit"') == len({knock.sid for knock in result.knocks if knock.sid})
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgb\(", picture)
    assert "<script" not in picture and "http" not in picture.replace("http://www.w3.org/2000/svg", "")


@ALL
def test_the_policy_on_show_is_the_one_that_decides(names):
    policy = {"Version": "2012-10-17", "Statement": list(knocked(*names).result.policy)}
    oai = room.room(*names).oai
    if names:
        asked = evaluate(policy, identity=Identity.oai(oai), action="s3:GetObject", resource="arn:aws:s3:::photos/cat.jpg")
        assert asked.allowed == (BOARD[names][2] == 200)


def test_the_prediction_is_drawn_in_the_cell_it_speaks_of_and_nowhere_else():
    assert "you: 403" in doors.view(knocked("public", "read", street="yes, shut: 403").result)
    assert "you: 404" in doors.view(knocked("read", "list", missing="404").result)
    assert "you:" not in doors.view(knocked("read", street="yes, shut: 403", missing="404").result)


@pytest.mark.parametrize(
    ("panel", "kinds"),
    [
        (doors.panel(), ["Predict", "Predict", "Toggle", "Toggle", "Toggle", "Button"]),
        (uniform.panel(), ["Predict", "Choice", "Choice", "Button"]),
    ],
)
def test_a_panel_has_at_most_three_controls_and_one_button(panel, kinds):
    assert [type(each).__name__ for each in panel.controls.values()] == kinds


# ---- one uniform for everybody


def gates(shows: str, statement: str, **said: str) -> uniform.Uniform:
    panel = uniform.panel()
    panel.press("Knock", shows=shows, statement=statement, **said)
    return panel.result


@pytest.mark.parametrize(
    ("shows", "statement", "statuses"),
    [
        ("its OAI", deputy.OAI, (200, 403, 403, 403)),
        ("its OAC", deputy.OAI, (403, 403, 403, 403)),
        ("its OAC", deputy.SERVICE, (200, 200, 200, 403)),
        ("its OAI", deputy.SERVICE, (403, 200, 200, 403)),
        ("its OAC", deputy.MINE, (200, 200, 403, 403)),
        ("its OAC", deputy.SHOP, (200, 403, 403, 403)),
        ("its OAI", deputy.SHOP, (403, 403, 403, 403)),
        ("its OAC", deputy.BLOG, (403, 200, 403, 403)),
    ],
)
def test_who_gets_in_under_which_statement(shows, statement, statuses):
    shown = gates(shows, statement)
    assert tuple(met.status for met in shown.met) == statuses
    assert all((met.gates == 2) == (met.status == 200) for met in shown.met)
    assert uniform.comment(shown) and all(
        f"{caller} {status}" in uniform.say(shown) for caller, status in zip(deputy.CALLERS, statuses, strict=True)
    )
    picture = uniform.view(shown)
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgb\(", picture) and "<script" not in picture
    assert picture.count("gets the photo") == statuses.count(200)


def test_a_wrong_badge_is_stopped_at_the_second_gate_and_no_uniform_at_the_first():
    assert [met.gates for met in gates("its OAC", deputy.BLOG).met] == [1, 2, 1, 0]
    assert "right uniform and the wrong badge" in uniform.comment(gates("its OAC", deputy.BLOG))
    assert "does not wear the uniform" in uniform.comment(gates("its OAI", deputy.BLOG))


def test_the_stranger_reads_the_bucket_of_a_policy_without_a_condition():
    panel = uniform.panel()
    panel.press("Knock", shows="its OAC")
    assert panel.said()[0]["outcome"] == ""
    panel.press("Knock", statement=deputy.SERVICE, stranger=uniform.GUESSES[0])
    assert panel.said()[0]["outcome"].startswith("The stranger's viewers got 200.")
    assert "you: 403" in uniform.view(panel.result)
    panel.set(statement=deputy.SHOP)
    assert panel.result.met == () and "you:" not in uniform.view(panel.result)
    assert panel.sentence.endswith("Nobody has knocked since it changed.")


def test_the_start_of_the_gates_does_not_give_the_answer_away():
    panel = uniform.panel()
    assert panel.sentence == "On the list: the OAI. Your shop shows its OAI. Nobody has knocked yet."
    assert "gets the photo" not in panel.now._repr_html_()
    with pytest.raises(UnknownName):
        panel.press("Knock", statement="everybody")


def test_the_stranger_has_an_account_of_his_own():
    accounts = [arn.split(":")[4] for arn in deputy.street().arns]
    assert accounts == [room.ACCOUNT, room.ACCOUNT, deputy.THEIRS]


# ---- the room


def test_a_public_statement_needs_the_block_lifted():
    here = room.room("read")
    with pytest.raises(AccessDenied, match="BlockPublicPolicy"):
        here.bucket.put_bucket_policy(Policy=json.dumps({"Version": "2012-10-17", "Statement": [room.allow("PublicRead", "*")]}))


def test_who_may_list_can_read_the_list_at_the_root():
    assert room.listing(room.room("read")) == "403"
    assert room.listing(room.room("read", "list")) == "200 cat.jpg"


def test_the_signing_behaviours_differ_as_the_table_says():
    rows = [line.split() for line in room.signing().splitlines()[1:]]
    assert rows == [["always", "200", "200", "200"], ["never", "403", "200", "403"], ["no-override", "200", "200", "200"]]


def test_a_kms_key_is_a_second_list():
    assert [line.split()[-1] for line in room.encrypted().splitlines()] == ["400", "403", "200"]


def test_the_linter_warns_of_the_confused_deputy_and_not_of_its_repair():
    here = room.room(shows="oac")
    settings = room.config(here.bucket, oac=here.oac, DefaultRootObject="index.html")
    assert [advice.rule for advice in lint(settings, {"photos": deputy.given()})] == ["OAI-04"]
    assert lint(settings, {"photos": deputy.repaired()}) == []


def test_a_cached_copy_does_not_read_the_policy():
    here = room.room("read")
    here.staff()
    room.put_policy(here.bucket, [])
    assert (here.staff().result, here.staff(viewer="Tokyo").response.status) == ("Hit", 403)


def test_the_exercises_reckon_with_the_library():
    questions = lesson("10")
    assert room.signed() == [200, 403] and questions.recall.right == 403
    assert questions.q1.right == 200
    assert questions.q2.right == [403, 404, 404]
    assert questions.q3.right == [403, "policy"]


@pytest.mark.parametrize(
    ("answer", "says"), [([404, 404, 404], "S3 will not tell"), ([403, 404, "both"], "A 403 is cached only if"), ([403, 404, 403], "")]
)
def test_the_misconceptions_of_the_missing_file_are_answered(answer, says):
    verdict = lesson("10").q2.check(answer)
    assert verdict.outcome == "not yet" and says in verdict.text


# ---- the confused deputy


@pytest.mark.rule("OAI-03", "OAI-04")
def test_the_deputy_is_cured_by_the_shops_own_arn_and_by_nothing_wider():
    q4 = lesson("10").q4
    assert "The stranger's viewers still get 200" in deputy.trouble(q4.given())
    assert deputy.trouble(deputy.repaired()) == ""
    assert "your blog's distribution still reads" in q4.check(deputy.whole_account()).text
    assert "The stranger's viewers still get 200" in q4.check(deputy.strangers_own()).text
    several = deputy.repaired()
    several["Statement"][0]["Condition"]["StringEquals"]["aws:SourceArn"] = list(deputy.street().arns[:2])
    assert "your blog's" in q4.check(several).text


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"AWS:SourceArn": "{arn}"}},
        {"StringEquals": {"aws:sourcearn": ["{arn}"]}},
        {"ArnLike": {"aws:SourceArn": "{arn}"}},
        {"StringEquals": {"aws:SourceArn": "{arn}", "aws:SourceAccount": room.ACCOUNT}},
    ],
)
def test_other_spellings_of_the_cure_are_as_good(condition):
    policy = deputy.given()
    policy["Statement"][0]["Condition"] = json.loads(json.dumps(condition).replace("{arn}", deputy.shop_arn()))
    assert lesson("10").q4.check(policy) and lesson("10").q4.check(json.dumps(policy))


def test_a_policy_that_s3_refuses_is_refused_with_its_reason():
    q4 = lesson("10").q4
    policy: dict[str, Any] = deputy.given()
    policy["Statement"][0]["Condition"] = {"StringEqual": {"aws:SourceArn": deputy.shop_arn()}}
    assert "did you mean StringEquals?" in q4.check(policy).text
    policy["Statement"] = []
    assert q4.check(policy).outcome == "not yet"


# ---- the move


@pytest.mark.rule("OAI-05")
def test_one_order_of_the_four_steps_and_no_other_goes_unnoticed():
    good = [plan for plan in itertools.permutations(moving.STEPS) if not moving.trouble(plan)]
    assert good == [tuple(moving.planned())]


def test_each_gap_is_told_with_city_moment_and_caller():
    assert re.match(
        r"\d+ s in, step 1 \(“switch the origin to the OAC”\): .* gets 403\. The bucket answers 403: no statement allows CloudFront for E",
        moving.trouble(moving.given()),
    )
    impatient = moving.trouble(moving.impatient())
    assert "step 3 (“leave only the OAC on the list”)" in impatient and "the origin access identity" in impatient


def test_the_chart_shows_for_each_city_when_its_edge_learned_of_the_switch():
    good, hasty = moving.chart(moving.planned()), moving.chart(moving.impatient())
    rows = {city: next(line for line in good.splitlines() if line.startswith(city)) for city in moving.CITIES}
    assert "x" not in "".join(rows.values()) and all(row.endswith("ccc") for row in rows.values())
    assert len({row.count("i") for row in rows.values()}) > 3, "each edge has its own moment"
    refused = sum(line[11:].count("x") for line in hasty.splitlines() if line.startswith(moving.CITIES))
    assert f"({refused} requests were refused in all.)" in moving.trouble(moving.impatient())
    with pytest.raises(UnknownName, match="wait until Deployed"):
        moving.chart(["wait"])


def test_a_plan_that_moves_nothing_or_leaves_the_old_guest_is_not_done():
    assert "still shows its OAI" in moving.trouble([])
    assert "the OAI is still on the list" in moving.trouble(moving.unfinished())
    for nonsense in (7, ["sleep"], "wait until Deployed", None):
        assert moving.trouble(nonsense).startswith("`plan` is a list of these steps")


# ---- the gallery


def test_the_gallerys_403_is_a_key_that_is_not_there():
    assert [gallery.visit(path).response.status for path in gallery.VISITS] == [200, 200, 403]
    journey = gallery.visit()
    assert clinic.who_said_no(journey.response).branch == "s3"
    assert journey.origin_requests[0].path == "/site/gallery/cat.jpg"
    assert any(step.rule == "S3-11" for step in journey.steps)


def test_the_gallery_is_repaired_by_the_right_origin_and_by_nothing_else():
    q5 = lesson("10").q5
    assert q5.check(gallery.repaired())
    assert "opens `/` and gets 403" in q5.check(gallery.without_path()).text
    rewritten = q5.given()
    rewritten["CacheBehaviors"]["Items"].pop()
    rewritten["CacheBehaviors"]["Quantity"] = 1
    assert "site/gallery/cat.jpg" in q5.check(rewritten).text
    renamed = q5.given()
    renamed["CacheBehaviors"]["Items"][1]["TargetOriginId"] = "photo"
    assert "NoSuchOrigin" in q5.check(renamed).text
    assert lint(gallery.repaired()) == lint(gallery.given()), "the linter cannot know which keys there are"
