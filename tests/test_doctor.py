"""The doctor: verdicts, answers and faces."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from signs import ECDSA, LATER, NOW, RSA, SLOW, URL, cost, policy, wire, with_policy

from cdnlab.cases import sendable
from cdnlab.errors import InputError
from cdnlab.keys import KeyPair
from cdnlab.rules import rule
from cdnlab.signing import Diagnosis, Signer, diagnose
from cdnlab.verification import STAGES

KEYS = {"KRSA": RSA.public_pem, "KECDSA": ECDSA.public_pem}
GOOD = Signer("KRSA", RSA).url(URL, expires=LATER)


def ask(url: str, **more: object) -> Diagnosis:
    return diagnose(url, **{"keys": KEYS, "at": NOW, **more})  # type: ignore[arg-type]


@pytest.mark.rule("DOC-01")
def test_a_good_url_passes_with_public_keys_alone() -> None:
    found = ask(GOOD)
    assert (found.ok, found.status, found.code, found.fix, found.repairs) == (True, 200, "", "", ())
    assert all(step.ok for step in found.steps)


@pytest.mark.rule("DOC-02")
def test_what_is_no_url_shows_no_signature() -> None:
    found = ask("not a URL at all")
    assert (found.code, found.failed and found.failed.stage) == ("MissingKey", "request")
    assert ask(f"{GOOD}#t=5").ok


@pytest.mark.rule("DOC-03")
def test_a_private_key_in_the_url_is_not_repeated() -> None:
    secret = RSA.private_pem()
    found = ask(f"{GOOD}&key={secret}")
    assert not found.ok and secret.split("\n")[1] not in f"{found} {found!r} {found._repr_html_()}"


@pytest.mark.rule("DOC-04")
def test_only_a_text_over_which_the_signature_holds_is_called_signed() -> None:
    assert ask(with_policy("nonsense that was signed", pair=ECDSA, id="KECDSA")).signed == ""
    found = ask(GOOD + "&x=1")
    assert RSA.public_key.verifies(RSA.sign(found.signed.encode()), found.signed.encode())
    assert found.difference == found.rebuilt.index("?x=1")


@pytest.mark.rule("DOC-05")
def test_a_signature_over_anything_costs_a_bounded_number_of_tries() -> None:
    foreign = GOOD.replace("cat.jpg", "another-path-that-nobody-would-guess.jpg")
    assert 100 < ask(foreign).tried <= 4000
    assert ask(with_policy(policy(), pair=ECDSA, id="KECDSA").replace("Policy=ey", "Policy=ew")).tried <= 200


CODES = {"MissingKey", "InvalidKey", "MalformedPolicy", "MalformedSignature", "AccessDenied"}


def answered(found: Diagnosis) -> Diagnosis:
    """What every diagnosis promises."""
    assert (found.ok, found.code == "", found.fix == "", found.status == 200) in {(True,) * 4, (False,) * 4}
    assert found.ok or (found.code in CODES and found.failed is not None and found.failed.says and found.rule == found.failed.rule)
    words = [step.word for step in found.steps]
    assert words == sorted(words, key=["yes", "no", "not asked"].index) and words.count("no") == (not found.ok)
    assert [step.stage for step in found.steps] == ["request", *STAGES] and all(step.evidence for step in found.steps)
    assert found.difference is None or found.signed.encode()[: found.difference] == found.rebuilt.encode()[: found.difference]
    assert str(found).isascii() and found._repr_html_().startswith("<div")
    return found


PIECES = ["https://d/", "?", "&", "Expires=", "5", "Policy=", "Signature=", "AA__", "Key-Pair-Id=KRSA", "Key-Pair-Id=", "KECDSA"]
PIECES += ["=", "%0", "#", " ", "\ud800", "\0", "٣", "*", "&amp;", "\\", "Hash-Algorithm="]
COOKIE_NAMES = ["CloudFront-Policy", "CloudFront-Signature", "CloudFront-Key-Pair-Id", "CloudFront-Expires", "a b"]


@given(
    some.one_of(
        some.text(),
        some.lists(some.sampled_from(PIECES)).map("".join),
        some.lists(some.sampled_from(PIECES)).map(lambda parts: "https://d/a?" + "".join(parts)),
    ),
    some.one_of(some.none(), some.text(), some.lists(some.text()), some.dictionaries(some.sampled_from(COOKIE_NAMES), some.text())),
)
@settings(max_examples=200, deadline=None)
def test_whatever_comes_in_is_answered(url: str, cookies: Any) -> None:
    answered(ask(url, cookies=cookies))


@given(some.binary(max_size=80), some.sampled_from(["KRSA", "KECDSA"]), some.booleans())
@settings(max_examples=100, deadline=None)
def test_whatever_was_signed_is_answered(document: bytes, id: str, statement: bool) -> None:
    pair = RSA if id == "KRSA" else ECDSA
    text = b'{"Statement":[{"Condition":{"DateLessThan":{"AWS:EpochTime":' + document + b"}}}]}" if statement else document
    answered(ask(with_policy(text, pair=pair, id=id)))


@given(some.integers(0, len(GOOD) - 1), some.text(max_size=3))
@settings(max_examples=150, deadline=None)
def test_a_changed_url_is_told_apart_from_the_good_one(at: int, text: str) -> None:
    changed = GOOD[:at] + text + GOOD[at + 1 :]
    found = answered(ask(changed))
    assert not found.ok or changed == GOOD or changed.partition("#")[0].lower() == GOOD.lower() or sendable(changed).lower() == GOOD.lower()


HOSTILE = {
    "a foreign signature": lambda id, sig: f"https://d/films/a.jpg?size=1&Expires={LATER}&{sig}",
    "a path of 3,500 folders": lambda id, sig: f"https://d/{'a/' * 3500}?Expires={LATER}&{sig}",
    "a path of encodings": lambda id, sig: f"https://d/{'%41%2f' * 1100}?Expires={LATER}&{sig}",
    "700 parameters": lambda id, sig: f"https://d/a?{'&'.join(f'p{n}={n}' for n in range(500))}&Expires={LATER}&{sig}",
    "6,500 empty parameters": lambda id, sig: f"https://d/a?{'&' * 6500}Expires={LATER}&{sig}",
    "60 parameters in other spellings": lambda id, sig: (
        f"https://d/a+b%20c?{'&'.join(f'p{n}=%41+{n}' for n in range(60))}&Expires={LATER}&{sig}"
    ),
    "40 stars": lambda id, sig: with_policy(
        policy("https://d/" + "*a" * 40 + "b"), "https://d/" + "a" * 5000, {"KRSA": RSA, "KECDSA": ECDSA}[id], id
    ),
    "deep nesting": lambda id, sig: with_policy(
        '{"Statement":' + "[" * 1500 + "]" * 1500 + "}", "https://d/a", {"KRSA": RSA, "KECDSA": ECDSA}[id], id
    ),
    "a URL of ten million": lambda id, sig: "https://d/" + "x" * 10_000_000,
    "7,000 fragments": lambda id, sig: f"https://d/a{'#' * 7000}?Expires={LATER}&{sig}",
    "backslashes": lambda id, sig: f"https://d/a?{chr(92) * 7000}&Expires={LATER}&{sig}",
    "lone surrogates": lambda id, sig: f"https://d/\ud800\udfff?Expires={LATER}&{sig}",
}


@pytest.mark.rule("DOC-05")
@pytest.mark.parametrize("id", ["KRSA", "KECDSA"])
@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_hostile_requests_are_refused_in_bounded_time(make: Any, id: str) -> None:
    signature = wire({"KRSA": RSA, "KECDSA": ECDSA}[id].sign(b"something else"))
    url = make(id, f"Signature={signature}&Key-Pair-Id={id}")
    found, milliseconds = cost(lambda: ask(url))
    assert not answered(found).ok and milliseconds < SLOW


def test_what_is_too_long_is_refused_before_any_question_about_signatures() -> None:
    found = answered(ask(GOOD.replace("cat", "c" * 9000)))
    assert (found.status, found.rule) == (414, "CHECK-02") and "8,192" in found.fix
    found = answered(ask(URL, cookies={"CloudFront-Policy": "e" * 40_000}))
    assert (found.status, found.rule) == (494, "CHECK-02") and "32,768" in found.fix


@pytest.mark.rule("DOC-03")
@pytest.mark.parametrize("pair", [RSA, ECDSA], ids=repr)
def test_a_private_key_is_repeated_nowhere(pair: KeyPair) -> None:
    secret = pair.private_pem()
    lines = [line for line in secret.split("\n") if len(line) > 20 and "-" not in line]

    def silent(said: str) -> None:
        assert not any(line[:30] in said for line in lines)

    for given_ in (secret, quote(secret), base64.b64encode(secret.encode()).decode(), "".join(lines)):
        for found in (ask(given_), ask(f"{URL}?Policy={given_}"), ask(URL, cookies={"CloudFront-Policy": given_}), ask(f"{GOOD}&{given_}")):
            assert not found.ok
            silent(f"{found} {found!r} {found._repr_html_()}")
    silent(f"{ask(with_policy(secret))!r}")
    for wrong in ({"keys": {"K1": secret}}, {"keys": {secret: RSA.public_pem}}, {"at": secret}, {"ip": secret}):
        with pytest.raises(InputError) as error:
            ask(GOOD, **wrong)
        silent(str(error.value))


def test_a_file_about_private_keys_is_a_file_as_any_other() -> None:
    for path in ("docs/private-key.pdf", "PRIVATE%20KEY/begin-private-key", "BEGIN_PRIVATE_KEY"):
        assert ask(Signer("KRSA", RSA).url(f"https://d111.cloudfront.net/{path}", expires=LATER)).ok


@pytest.mark.parametrize(
    "wrong",
    [
        {"keys": {"K1": "no PEM"}},
        {"keys": [RSA.public_pem]},
        {"keys": {1: RSA.public_pem}},
        {"at": "soon"},
        {"at": float("nan")},
        {"ip": "d111"},
        {"hosts": [1]},
    ],
    ids=repr,
)
def test_arguments_that_are_none_are_refused_by_name(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=next(iter(wrong)) + "|public key"):
        ask(GOOD, **wrong)


def test_the_moment_may_be_told_in_every_form_and_is_now_by_default() -> None:
    for at in (NOW, float(NOW), "2026-01-01T00:00:00Z", datetime(2026, 1, 1, tzinfo=UTC)):
        assert ask(GOOD, at=at).ok
    assert diagnose(Signer("KRSA", RSA).url(URL, expires="2020-01-01T00:00:00Z"), keys=KEYS).repairs == ("expired",)


def test_what_was_found_is_told_in_numbers() -> None:
    found = ask(Signer("KRSA", RSA).url(URL, expires=LATER, starts=NOW - 5, ip="192.0.2.0/24"), ip="192.0.2.9")
    assert (found.ok, found.expires, found.starts, found.signed == found.rebuilt, found.difference) == (True, LATER, NOW - 5, True, None)
    late = ask(GOOD, at=LATER)
    assert (late.code, late.rule, late.expires, late.signed, late.difference) == ("AccessDenied", "SIGN-14", LATER, late.rebuilt, None)


@given(
    some.sampled_from(["https://d111.cloudfront.net/a.jpg", "https://d/é?a=b c", "http://d/a?x=%20+&y", "https://d/a;b?q=\"'<>"]),
    some.booleans(),
)
@settings(deadline=None)
def test_botocores_urls_are_good_as_a_client_sends_them_or_their_encoding_is_told(url: str, custom: bool) -> None:
    from botocore.signers import CloudFrontSigner

    signer = CloudFrontSigner("KRSA", RSA.sign)
    until = datetime.fromtimestamp(LATER, UTC)
    signed = (
        signer.generate_presigned_url(url, policy=signer.build_policy(url, until, ip_address="192.0.2.0/24"))
        if custom
        else signer.generate_presigned_url(url, until)
    )
    found = answered(ask(signed, ip="192.0.2.1"))
    if sendable(url) == url:
        assert found.ok
    else:
        assert found.repairs == (("re-encoded path",) if custom and "é" in url and "?" not in url else found.repairs) and not found.ok


def test_openssls_recipe_is_good_and_its_forgotten_steps_are_named(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text(RSA.private_pem(), encoding="ascii")
    (tmp_path / "policy").write_text(policy() + "\n", encoding="ascii")

    def run(script: str) -> str:
        done = subprocess.run(["bash", "-c", f"set -o pipefail; {script}"], capture_output=True, cwd=tmp_path, check=True)
        return done.stdout.decode().strip()

    tight, sign = r'cat policy | tr -d "\n" | tr -d " \t\n\r"', "openssl sha1 -sign key.pem"
    base64_, swap = "openssl base64 -A", "tr -- '+=/' '-_~'"
    sent = run(f"{tight} | {base64_} | {swap}")

    def url(signature: str, extra: str = "") -> str:
        return f"{URL}?Policy={sent}&Signature={signature}&Key-Pair-Id=KRSA{extra}"

    assert ask(url(run(f"{tight} | {sign} | {base64_} | {swap}"))).ok
    assert ask(url(run(f"cat policy | {sign} | {base64_} | {swap}"))).repairs == ("trailing newline",)
    assert ask(url(run(f"{tight} | {sign} | {base64_}"))).repairs == ("plain base64",)
    assert ask(url(run(f"{tight} | openssl sha256 -sign key.pem | {base64_} | {swap}"))).repairs == ("SHA-256 without its parameter",)
    wrapped = run(f"{tight} | {sign} | openssl base64 | {swap}")
    assert ask(url(wrapped)).repairs == ("line break in the URL",)
    assert ask(url(run(f"{tight} | openssl dgst -sha1 -binary | {sign} | {base64_} | {swap}"))).repairs == ("hashed twice",)


def command_line(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cdnlab", "diagnose", *arguments]
    return subprocess.run(command, input=given, capture_output=True, text=True, cwd=Path(__file__).parent.parent)


def test_the_command_line_says_the_same_and_its_exit_status_tells(tmp_path: Path) -> None:
    (tmp_path / "public.pem").write_text(RSA.public_pem, encoding="ascii")
    key, at = f"--key=KRSA={tmp_path / 'public.pem'}", f"--at={NOW}"
    good = command_line(GOOD, key, at)
    assert (good.returncode, good.stderr) == (0, "") and good.stdout == f"{ask(GOOD, keys={'KRSA': RSA.public_pem})}\n"
    assert command_line("-", key, "--at", "2026-01-01T00:00:00Z", given=GOOD + "\n").returncode == 0
    refused = command_line(GOOD + "&x=1", key, at, "--host", "d111.cloudfront.net", "--ip", "192.0.2.1")
    assert refused.returncode == 1 and "appended query" in refused.stdout and "What to change:" in refused.stdout
    made = Signer("KRSA", RSA).cookies("https://d111.cloudfront.net/*", expires=LATER)
    each = [part for name, value in made.items() for part in ("--cookie", f"{name}={value}")]
    assert command_line(URL, key, at, *each).returncode == 0
    assert command_line(URL, key, at, "--cookie", "; ".join(f"{name}={value}" for name, value in made.items())).returncode == 0


@pytest.mark.parametrize("wrong", ["--key=K1", "--key=K1=/nosuch.pem", "--at=soon", "--ip=d111"])
def test_a_command_that_cannot_run_says_so_in_one_line(wrong: str) -> None:
    done = command_line(GOOD, wrong)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1 and done.stdout == ""


def test_a_private_key_in_a_file_is_not_printed(tmp_path: Path) -> None:
    (tmp_path / "private.pem").write_text(RSA.private_pem(), encoding="ascii")
    for argument in (f"--key=K1={tmp_path / 'private.pem'}", f"--key=K1={RSA.private_pem()}"):
        done = command_line(GOOD, argument)
        assert done.returncode == 2 and RSA.private_pem().split("\n")[1] not in done.stdout + done.stderr


def test_the_page_escapes_what_it_was_given_and_loads_nothing() -> None:
    found = ask("https://d/<script>alert(1)</script>?Expires=5&Signature=AA__&Key-Pair-Id=KRSA", cookies='a="<img src=x>"')
    page = found._repr_html_()
    assert "<script" not in page and "<img" not in page and "http://" not in re.sub(r"https?://d[/&]", "", page).replace("https://docs", "")
    assert all(rule(step.rule).statement for step in found.steps)
