"""The policy of a signed URL or cookie: as it is written, and as it is read."""

from __future__ import annotations

import ipaddress
import json
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from signs import LATER, NOW, SLOW, URL, cost, policy

from cdnlab.signedpolicy import (
    MAX_POLICY,
    Flaw,
    SignedPolicy,
    canned_text,
    custom_text,
    epoch,
    moment,
    parse_network,
    parse_signed_policy,
    peer,
)

MOMENTS = st.integers(0, 2**63 - 1)
RESOURCES = st.text(st.one_of(st.characters(exclude_categories=()), st.sampled_from('"\\/ *?&')), max_size=40)


def read(text):
    return parse_signed_policy(text if isinstance(text, bytes) else text.encode())


# -- written


@pytest.mark.rule("SIGN-23")
@given(RESOURCES, MOMENTS)
def test_a_canned_policy_is_compact_ascii_json(resource, expires):
    wanted = {"Statement": [{"Resource": resource, "Condition": {"DateLessThan": {"AWS:EpochTime": expires}}}]}
    text = canned_text(resource, expires)
    assert text == json.dumps(wanted, separators=(",", ":"))
    assert text.isascii() and text.isprintable()


@pytest.mark.rule("SIGN-23")
@given(RESOURCES, MOMENTS, st.none() | MOMENTS, st.sampled_from([None, "192.0.2.7", "192.0.2.0/24", "0.0.0.0/0"]))
def test_a_custom_policy_is_compact_ascii_json_in_botocores_order(resource, expires, starts, ip):
    condition = {"DateLessThan": {"AWS:EpochTime": expires}}
    if ip is not None:
        condition["IpAddress"] = {"AWS:SourceIp": ip if "/" in ip else ip + "/32"}
    if starts is not None:
        condition["DateGreaterThan"] = {"AWS:EpochTime": starts}
    text = custom_text(resource, expires, starts, ip)
    assert text == json.dumps({"Statement": [{"Resource": resource, "Condition": condition}]}, separators=(",", ":"))
    found = read(text)
    assert found[:3] == (resource, expires, starts) and bool(found.address) is (ip is not None)


# -- read


@pytest.mark.rule("SIGN-08")
@pytest.mark.parametrize(
    "text",
    [
        policy(),
        policy().replace('":', '" : ').replace(",", " ,\t"),
        json.dumps(json.loads(policy()), indent=4),
        json.dumps(json.loads(policy()), indent=4).replace("\n", "\r\n") + "\r\n",
        f"\n {policy()} \n",
        policy().replace("[", "").replace("]", ""),  # the guide once showed Statement without its list
        policy().replace("Resource", "\\u0052esource"),
        policy().replace("/cat", "\\/cat"),
    ],
)
def test_white_space_and_spelling_of_json_do_not_matter(text):
    assert read(text) == SignedPolicy(URL, LATER)


@pytest.mark.rule("SIGN-08")
def test_the_order_of_names_does_not_matter():
    end, begin, ip = (
        f'"DateLessThan":{{"AWS:EpochTime":{LATER}}}',
        f'"DateGreaterThan":{{"AWS:EpochTime":{NOW}}}',
        '"IpAddress":{"AWS:SourceIp":"192.0.2.0/24"}',
    )
    orders = [(end, begin, ip), (end, ip, begin), (begin, end, ip), (begin, ip, end), (ip, end, begin), (ip, begin, end)]
    for order in orders:
        condition = f'"Condition":{{{",".join(order)}}}'
        for inner in (f'"Resource":"{URL}",{condition}', f'{condition},"Resource":"{URL}"'):
            found = read(f'{{"Statement":[{{{inner}}}]}}')
            assert found == SignedPolicy(URL, LATER, NOW, "192.0.2.0/24", 0xC0000200, 0xFFFFFF00)


@pytest.mark.rule("SIGN-27")
def test_a_policy_need_not_name_a_resource():
    assert read(f'{{"Statement":[{{"Condition":{{"DateLessThan":{{"AWS:EpochTime":{LATER}}}}}}}]}}') == SignedPolicy(None, LATER)


IN = "Statement[0].Condition"


@pytest.mark.rule("SIGN-08")
@pytest.mark.parametrize(
    ("text", "path", "says"),
    [
        ("", "", "not JSON"),
        ("{", "", "not JSON"),
        ("null", "", "found None; an object with Statement"),
        ("[]", "", "found list"),
        ('"text"', "", "found 'text'"),
        ("{}", "", "Statement is missing"),
        ('{"Statement":[]}', "Statement", "found 0 statements"),
        ('{"Statement":[{},{}]}', "Statement", "found 2 statements; a policy has exactly one"),
        ('{"Statement":null}', "Statement", "found None"),
        ('{"Statement":[[]]}', "Statement[0]", "found list"),
        ('{"statement":[]}', "", "'statement' is not known; write Statement"),
        ('{"Version":"2012-10-17","Statement":[]}', "", "'Version' is not known"),
        ('{"Statement":[{}]}', "Statement[0]", "Condition is missing"),
        (policy().replace("Resource", "resource"), "Statement[0]", "write Resource"),
        (policy().replace("Resource", "Action"), "Statement[0]", "known here: Condition, Resource"),
        (policy().replace('"https', '5,"x":"https'), "Statement[0]", "'x' is not known"),
        (policy().replace(f'"{URL}"', "null"), "Statement[0].Resource", "found None; give one URL"),
        (policy().replace(f'"{URL}"', f'["{URL}"]'), "Statement[0].Resource", "found list"),
        (policy().replace("DateLessThan", "DateLessthan"), IN, "write DateLessThan"),
        (policy().replace("DateLessThan", "DateGreaterThan"), IN, "DateLessThan is missing"),
        (policy(NotIpAddress='{"AWS:SourceIp":"192.0.2.7"}'), IN, "'NotIpAddress' is not known"),
        (policy(DateGreaterThan=NOW), f"{IN}.DateGreaterThan", f"found {NOW}"),
        (policy().replace("AWS:EpochTime", "aws:EpochTime"), f"{IN}.DateLessThan", "write AWS:EpochTime"),
        (policy().replace("AWS:EpochTime", "AWS:CurrentTime"), f"{IN}.DateLessThan", "known here: AWS:EpochTime"),
        (policy(expires=f'"{LATER}"'), f"{IN}.DateLessThan.AWS:EpochTime", "leave the quotation marks out"),
        (policy(expires='"2027-01-01T00:00:00Z"'), f"{IN}.DateLessThan.AWS:EpochTime", "not a whole number"),
        (policy(expires="true"), f"{IN}.DateLessThan.AWS:EpochTime", "found True"),
        (policy(expires="null"), f"{IN}.DateLessThan.AWS:EpochTime", "found None"),
        (policy(expires="[1]"), f"{IN}.DateLessThan.AWS:EpochTime", "found list"),
        (policy(expires=2**63), f"{IN}.DateLessThan.AWS:EpochTime", "not a whole number"),
        (policy(expires=-(2**63)), f"{IN}.DateLessThan.AWS:EpochTime", "not a whole number"),
        (policy(DateGreaterThan='{"AWS:EpochTime":"1"}'), f"{IN}.DateGreaterThan.AWS:EpochTime", "quotation marks"),
        (policy(expires=f"{LATER}.0"), "", "is not a whole number"),
        (policy(expires="1e9"), "", "'1e9' is not a whole number"),
        (policy(expires="1E400"), "", "is not a whole number"),
        (policy(expires="NaN"), "", "'NaN' is not a whole number"),
        (policy(expires="-Infinity"), "", "is not a whole number"),
        (policy(expires="9" * 20_000), "", "is not a whole number"),
        (policy(expires="0123"), "", "not JSON"),
        (policy(expires="+1"), "", "not JSON"),
        (policy(expires="\u0661\u0662"), "", "not JSON"),
        (policy(expires="\uff11"), "", "not JSON"),
        (policy(expires=f'{LATER},"AWS:EpochTime":1'), "", "'AWS:EpochTime' stands twice"),
        (policy().replace('{"Resource"', '{"Resource":"*","Resource"'), "", "'Resource' stands twice"),
        (policy().replace('{"Statement"', '{"Statement":[],"Statement"'), "", "'Statement' stands twice"),
        (policy().replace('{"Resource"', '{"Resource":"*","\\u0052esource"'), "", "'Resource' stands twice"),
        (policy(IpAddress="5"), f"{IN}.IpAddress", "found 5"),
        (policy(IpAddress="{}"), f"{IN}.IpAddress", "AWS:SourceIp is missing"),
        (policy(IpAddress='{"AWS:SourceIp":["192.0.2.7"]}'), f"{IN}.IpAddress.AWS:SourceIp", "found list; give one IPv4"),
        (policy(IpAddress='{"AWS:SourceIp":"2001:db8::/32"}'), f"{IN}.IpAddress.AWS:SourceIp", "give one IPv4"),
        (policy(IpAddress='{"AWS:SourceIp":"192.0.2.7,192.0.2.8"}'), f"{IN}.IpAddress.AWS:SourceIp", "give one IPv4"),
        (policy(IpAddress='{"AWS:SourceIp":""}'), f"{IN}.IpAddress.AWS:SourceIp", "give one IPv4"),
        (policy() + "}", "", "not JSON"),
        (policy() + "\0", "", "not JSON"),
        (policy("a\0b"), "", "not JSON"),
        (policy("a\nb"), "", "not JSON"),
        (policy().replace('"', "'"), "", "not JSON"),
        ("\ufeff" + policy(), "", "not JSON"),
        (policy().encode("utf-16"), "", "not UTF-8"),
        (policy().encode("utf-16-le"), "", "not JSON"),
        (policy().encode("utf-32"), "", "not UTF-8"),
        (policy("caf\u00e9").encode("latin-1"), "", "not UTF-8"),
        (policy("\ud800").encode("utf-8", "surrogatepass"), "", "not UTF-8"),
        (b"\xc0\xaf" + policy().encode(), "", "not UTF-8"),
        ("[" * 100_000, "", "nested far too deeply"),
        ("[" * 100_000 + "]" * 100_000, "", "nested far too deeply"),
        ('{"Statement":' * 100_000 + "1" + "}" * 100_000, "", "nested far too deeply"),
    ],
    ids=lambda value: None,
)
def test_what_cannot_be_read_is_told_with_its_place(text, path, says):
    found = read(text)
    assert isinstance(found, Flaw), found
    assert found.path == path and says in found.says
    assert str(found).isascii() and len(str(found)) < 250


@pytest.mark.parametrize(
    "text",
    [
        "{" + ",".join(f'"{number}":1' for number in range(2500)) + ',"2499":1}',
        '{"Statement":[{"Condition":{' + ",".join(f'"{number}":1' for number in range(2500)) + "}}]}",
        "[" * 12_000,
        '{"":' * 6000,
        '{"a":[' * 3000 + "]}" * 3000,
        '"' + "\\u0000" * 4000 + '"',
        "[" + "1e400," * 3000 + "1]",
        policy("a" * 20_000),
    ],
    ids=lambda value: None,
)
def test_no_policy_that_fits_into_a_request_is_slow(text):
    assert len(text) < 3 * MAX_POLICY / 4
    assert cost(lambda: read(text))[1] < SLOW


def test_lone_surrogates_are_read_as_the_characters_they_are():
    found = read(policy("https://d/\\ud800*"))
    assert found == SignedPolicy("https://d/\ud800*", LATER)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["Statement", "Resource", "Condition", "DateLessThan", "DateGreaterThan", "IpAddress", "AWS:EpochTime", "AWS:SourceIp", "x"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(st.one_of(st.binary(max_size=200), JSON.map(lambda value: json.dumps(value).encode())))
@settings(max_examples=600)
def test_anything_is_read_or_refused_and_nothing_raises(document):
    found = parse_signed_policy(document)
    assert isinstance(found, SignedPolicy | Flaw)
    if isinstance(found, SignedPolicy):
        assert type(found.expires) is int and (found.resource is None or type(found.resource) is str)


@st.composite
def nearly_usual(draw):
    """What signers write, with a little of it changed."""
    text = custom_text(draw(RESOURCES), draw(MOMENTS), draw(st.none() | MOMENTS), draw(st.sampled_from([None, "192.0.2.0/24", "1.2.3.4"])))
    if draw(st.booleans()):
        text = text.replace('"Statement":', '"Statement": ')
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(text)))
        text = (
            text[:at]
            + draw(st.sampled_from(["", " ", '"', "0", "-", "\\", "é", "{", "}", ",", ".", "/", "\n", "\u2028"]))
            + text[at + draw(st.integers(0, 2)) :]
        )
    return text


@given(nearly_usual())
@example(policy(expires="00"))
@example(policy(expires=2**63 - 1))
@example(policy(IpAddress='{"AWS:SourceIp":"1.2.3.4/33"}'))
@example(policy("é\u2028\x7f"))
@settings(max_examples=1500)
def test_the_usual_forms_are_read_as_all_others_are(text):
    usual, plain = read(text.encode("utf-8", "replace")), read(" " + text.encode("utf-8", "replace").decode())
    assert type(usual) is type(plain)
    if isinstance(usual, SignedPolicy):
        assert usual == plain
    else:
        assert usual.path == plain.path


# -- its parts


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("1767225600", 1767225600),
        (str(2**63 - 1), 2**63 - 1),
        *((text, None) for text in ["", "-1", "+1", " 1", "1 ", "1\n", "01", "00", "1.0", "1e9", "0x10", "1_000", "NaN", "inf", "true"]),
        *((text, None) for text in [str(2**63), "9" * 20_000, "\u0661", "\uff11", "\u00b2", "1\u0661", "\ud800", "\0"]),
    ],
    ids=lambda value: None,
)
def test_an_epoch_is_a_plain_whole_number(text, seconds):
    assert epoch(text) == seconds


@given(MOMENTS)
def test_a_moment_is_told_with_its_date_where_it_has_one(seconds):
    assert str(seconds) in moment(seconds)
    assert moment(-seconds - 1) == f"second {-seconds - 1}"
    if seconds < 253_402_300_800:
        assert datetime.fromisoformat(moment(seconds).split(" ")[0]) == datetime.fromtimestamp(seconds, UTC)


@given(st.ip_addresses(v=4), st.integers(0, 32), st.ip_addresses())
@example(ipaddress.IPv4Address("192.0.2.0"), 24, ipaddress.IPv6Address("::ffff:192.0.2.7"))
def test_a_range_of_addresses_is_what_ipaddress_says(network, length, viewer):
    text = f"{network}/{length}"
    wanted = ipaddress.ip_network(text, strict=False)
    assert parse_network(text) == (int(wanted.network_address), int(wanted.netmask))
    found = read(policy(IpAddress=f'{{"AWS:SourceIp":"{text}"}}'))
    inside = viewer if viewer.version == 4 else viewer.ipv4_mapped
    assert found.admits(str(viewer)) is (inside is not None and inside in wanted)
    assert found.admits(str(network))


@pytest.mark.parametrize(
    "text",
    [
        *["", "192.0.2", "192.0.2.256", "192.0.2.7.8", "192.0.2.7/", "192.0.2.7/33", "192.0.2.7/-1", "192.0.2.7/ 8", " 192.0.2.7"],
        *[
            "192.0.2.7\n",
            "192.0.2.07",
            "0xC0.0.2.7",
            "192.0.2.7/24/24",
            "192.0.2.7-9",
            "192.0.2.*",
            "*",
            "::1",
            "::ffff:192.0.2.7",
            "localhost",
        ],
        *["\u0661\u0669\u0662.0.2.7", "192.0.2.7/\u0662\u0664", "192.0.2.7/255.255.255.0", "3221225991"],
        *[None, 5, True, 1.0, [], {}, ["192.0.2.7"], b"192.0.2.7"],
    ],
    ids=repr,
)
def test_no_other_spelling_is_a_range_of_addresses(text):
    assert parse_network(text) is None


@pytest.mark.parametrize(
    ("ip", "number"),
    [("192.0.2.7", 0xC0000207), ("::ffff:192.0.2.7", 0xC0000207), ("2001:db8::1", None), ("", None), ("x", None), ("\u0661.1.1.1", None)],
)
def test_a_peer_is_an_ipv4_address_or_none(ip, number):
    assert peer(ip) == number
