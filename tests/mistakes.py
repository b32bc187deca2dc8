"""Signed requests with one mistake each, made for real: the name of the repair, and how the request comes about."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from signs import wire

from cdnlab.keys import KeyPair

END = 1767225600  # 2026-01-01T00:00:00Z
AT = END - 3600
URL = "https://d111.cloudfront.net/films/summer%20day/cat.jpg?size=large&v=2"
FILM = "https://d111.cloudfront.net/films/*"
HOST = "d111.cloudfront.net"
ALIAS = "cdn.example.org"
PAIRS = {"KRSA": KeyPair.test("rsa"), "KECDSA": KeyPair.test("ecdsa"), "KSPARE": KeyPair.test("rsa2")}
PEMS = {id: pair.public_pem for id, pair in PAIRS.items()}


class Shown(NamedTuple):
    """What is shown to the edge, and the circumstances."""

    url: str
    cookies: Any = None
    more: Mapping[str, Any] = {}


Make = Callable[[str], "Shown | str"]


def canned(url: str = URL, end: object = END) -> str:
    """The canned policy of a URL, written without any help of cdnlab's."""
    return f'{{"Statement":[{{"Resource":"{url}","Condition":{{"DateLessThan":{{"AWS:EpochTime":{end}}}}}}}]}}'


def custom(resource: str = FILM, **conditions: object) -> str:
    """A custom policy."""
    more = "".join(f',"{name}":{json.dumps(value)}' for name, value in conditions.items())
    return canned(resource).replace("}}}]}", "}" + more + "}}]}")


def sign(id: str, text: str | bytes, hash: str = "SHA1") -> bytes:
    return PAIRS[id].sign(text.encode() if isinstance(text, str) else text, hash)


def shown(id: str, text: str | bytes, url: str = URL, carried: str = f"Expires={END}", hash: str = "SHA1", signature: str = "") -> str:
    """A URL that carries this, with a signature over that text (or this signature)."""
    return f"{url}{'&' if '?' in url else '?'}{carried}&Signature={signature or wire(sign(id, text, hash))}&Key-Pair-Id={id}"


def sent(id: str, text: str | bytes, url: str = URL, signed: str | bytes | None = None) -> str:
    """A URL with a custom policy."""
    data = text.encode() if isinstance(text, str) else text
    return shown(id, data if signed is None else signed, url, f"Policy={wire(data)}")


def good(id: str) -> str:
    return shown(id, canned())


def cookies(id: str, resource: str = FILM) -> dict[str, str]:
    text = custom(resource)
    return {"CloudFront-Policy": wire(text.encode()), "CloudFront-Signature": wire(sign(id, text)), "CloudFront-Key-Pair-Id": id}


def one_file(id: str, url: str = "https://d111.cloudfront.net/films/a-list.m3u8") -> dict[str, str]:
    signature = wire(sign(id, canned(url)))
    return {"CloudFront-Expires": str(END), "CloudFront-Signature": signature, "CloudFront-Key-Pair-Id": id}


def plain64(id: str) -> str:
    """A signature in plain base64, with a + and a / in it."""
    while True:
        made = base64.b64encode(sign(id, canned())).decode()
        if id == "KRSA" or ("+" in made and "/" in made and "=" in made):
            return made


def two_signs(id: str) -> str:
    """A signature that ends in two padding signs."""
    while True:
        made = wire(sign(id, canned()))
        if made.endswith("__"):
            return made


def with_signature(id: str, signature: str) -> str:
    return shown(id, "", signature=signature)


def squeezed(value: object, **how: Any) -> str:
    return json.dumps(value, separators=(",", ":"), **how)


CANNED = json.loads(canned())
SEGMENT = "https://d111.cloudfront.net/films/seg1.ts"
QUOTED = canned(end=f'"{END}"')

# the name of the repair, and a request that needs it and nothing else
MISTAKES: list[tuple[str, Make]] = [
    ("wrong scheme", lambda id: shown(id, canned(URL.replace("https", "http")))),
    ("wrong scheme", lambda id: sent(id, custom("http://d111.cloudfront.net/films/*"))),
    ("wrong host", lambda id: Shown(shown(id, canned(URL.replace(HOST, ALIAS))), None, {"hosts": [HOST, ALIAS]})),
    ("wrong host", lambda id: sent(id, custom(f"https://{ALIAS}/films/*"))),
    ("host written differently", lambda id: shown(id, canned(URL.replace("d111", "D111")))),
    ("host written differently", lambda id: shown(id, canned(URL.replace("d111", "dIII")), URL.replace("d111", "dIII"))),
    ("port in the signed URL", lambda id: shown(id, canned(URL.replace(HOST, HOST + ":443")))),
    ("path-only resource", lambda id: shown(id, canned(URL.partition(HOST)[2]))),
    ("path-only resource", lambda id: sent(id, custom("/films/*"))),
    ("trailing slash", lambda id: shown(id, canned("https://d111.cloudfront.net/films"), "https://d111.cloudfront.net/films/")),
    ("trailing slash", lambda id: shown(id, canned("https://d111.cloudfront.net"), "https://d111.cloudfront.net/")),
    ("re-encoded path", lambda id: shown(id, canned(unquote(URL)))),
    ("re-encoded path", lambda id: shown(id, canned(URL.replace("%20", "+")))),
    ("re-encoded path", lambda id: shown(id, canned(URL.replace("%20", "%2520")))),
    ("re-encoded path", lambda id: shown(id, canned("https://d/%C3%A9.jpg"), "https://d/%c3%a9.jpg")),
    ("re-encoded path", lambda id: shown(id, canned("https://d/é.jpg"), "https://d/%C3%A9.jpg")),
    ("re-encoded path", lambda id: shown(id, canned("https://d/\\u00e9.jpg"), "https://d/%C3%A9.jpg")),
    ("re-encoded path", lambda id: shown(id, canned("https://d/%C3%A9.jpg"), "https://d/e%CC%81.jpg")),
    ("re-encoded path", lambda id: sent(id, custom("https://d111.cloudfront.net/films/summer day/*"))),
    ("re-encoded query", lambda id: shown(id, canned("https://d/a?q=a b"), "https://d/a?q=a+b")),
    ("re-encoded query", lambda id: shown(id, canned("https://d/a?q=a;b"), "https://d/a?q=a%3Bb")),
    ("URL signed before it was encoded", lambda id: shown(id, canned(unquote(URL)), unquote(URL))),
    ("URL signed before it was encoded", lambda id: shown(id, canned("https://d/é.jpg"), "https://d/é.jpg")),
    ("appended query", lambda id: good(id) + "&utm_source=mail"),
    ("appended query", lambda id: good(id) + "&a=1&b=2"),
    ("appended query", lambda id: good(id).replace("size", "x=1&size")),
    ("query left out", lambda id: shown(id, canned(URL.partition("?")[0]))),
    ("reordered query", lambda id: shown(id, canned(URL.partition("?")[0] + "?v=2&size=large"))),
    ("expired", lambda id: Shown(good(id), None, {"at": END + 3 * 86400})),
    ("expired", lambda id: Shown(good(id), None, {"at": END})),
    ("not yet valid", lambda id: sent(id, custom(DateGreaterThan={"AWS:EpochTime": END - 60}))),
    ("not yet valid", lambda id: sent(id, custom(DateGreaterThan={"AWS:EpochTime": AT}))),
    ("empty period", lambda id: sent(id, custom(DateGreaterThan={"AWS:EpochTime": END + 60}))),
    ("wrong address", lambda id: Shown(sent(id, custom(IpAddress={"AWS:SourceIp": "192.0.2.0/24"})), None, {"ip": "198.51.100.1"})),
    ("IPv6 viewer", lambda id: Shown(sent(id, custom(IpAddress={"AWS:SourceIp": "192.0.2.0/24"})), None, {"ip": "2001:db8::1"})),
    ("IPv6 condition", lambda id: sent(id, custom(IpAddress={"AWS:SourceIp": "2001:db8::/32"}))),
    ("list of addresses", lambda id: sent(id, custom(IpAddress={"AWS:SourceIp": ["192.0.2.0/24", "203.0.113.0/24"]}))),
    ("wrong key id", lambda id: good(id).replace(f"Key-Pair-Id={id}", "Key-Pair-Id=4b2b2b2b-0000-4000-8000-1234567890ab")),
    ("wrong key id", lambda id: good(id).replace(f"Key-Pair-Id={id}", "Key-Pair-Id=KSPARE")),
    ("wrong key id", lambda id: good(id).replace(f"Key-Pair-Id={id}", f"Key-Pair-Id={id.lower()}")),
    ("SHA-256 without its parameter", lambda id: shown(id, canned(), hash="SHA256")),
    ("SHA-1 with SHA-256 declared", lambda id: good(id) + "&Hash-Algorithm=SHA256"),
    ("misspelt hash algorithm", lambda id: shown(id, canned(), hash="SHA256") + "&Hash-Algorithm=sha-256"),
    ("plain base64", lambda id: with_signature(id, plain64(id))),
    ("plain base64", lambda id: with_signature(id, quote(plain64(id), safe=""))),
    ("plain base64", lambda id: sent_plain(id)),
    ("+ turned into a space", lambda id: with_signature(id, plain64(id).replace("+", " "))),
    ("URL-safe base64", lambda id: with_signature(id, plain64(id).replace("+", "-").replace("/", "_"))),
    ("URL-safe base64", lambda id: with_signature(id, plain64(id).replace("+", "-").replace("/", "_").rstrip("="))),
    (
        "percent-encoded token",
        lambda id: with_signature(id, re.sub("[-~_]", lambda c: f"%{ord(c[0]):02X}", wire(base64.b64decode(plain64(id))))),
    ),
    ("missing padding", lambda id: with_signature(id, wire(base64.b64decode(plain64(id))).rstrip("_"))),
    ("white space in the token", lambda id: with_signature(id, "%0A".join(re.findall(".{1,64}", wire(base64.b64decode(plain64(id))))))),
    ("policy not in base64", lambda id: shown(id, custom(), carried=f"Policy={quote(custom())}")),
    ("wildcard in a canned policy", lambda id: shown(id, canned(FILM))),
    ("wildcard in a canned policy", lambda id: shown(id, canned("https://d111.cloudfront.net/*"))),
    ("wildcard in a canned policy", lambda id: shown(id, canned("https://d111.cloudfront.net/*.jpg"))),
    ("quoted epoch", lambda id: shown(id, QUOTED)),
    ("quoted epoch", lambda id: shown(id, QUOTED, carried=f'Expires="{END}"')),
    ("quoted epoch", lambda id: shown(id, canned(), carried=f"Expires=%22{END}%22")),
    ("quoted epoch", lambda id: sent(id, custom().replace(str(END), f'"{END}"'))),
    ("milliseconds", lambda id: shown(id, canned(), carried=f"Expires={END}000")),
    ("milliseconds", lambda id: sent(id, custom(DateGreaterThan={"AWS:EpochTime": (END - 9000) * 1000}))),
    ("epoch not whole", lambda id: shown(id, canned(end=f"{END}.0"), carried=f"Expires={END}.0")),
    ("epoch not whole", lambda id: shown(id, canned(), carried="Expires=1.7672256e9")),
    ("epoch not whole", lambda id: sent(id, custom().replace(str(END), f"{END}.5"))),
    (
        "epoch in other digits",
        lambda id: shown(id, canned(), carried="Expires=" + str(END).translate({48 + n: 0x660 + n for n in range(10)})),
    ),
    ("date instead of seconds", lambda id: shown(id, canned(), carried="Expires=2026-01-01T00:00:00Z")),
    ("date instead of seconds", lambda id: sent(id, custom().replace(str(END), '"2026-01-01T00:00:00Z"'))),
    ("date instead of seconds", lambda id: shown(id, canned(end=20300101), carried="Expires=20300101")),
    ("duration instead of a moment", lambda id: shown(id, canned(end=3600), carried="Expires=3600")),
    ("Expires changed", lambda id: shown(id, canned(end=END - 86400))),
    ("trailing newline", lambda id: shown(id, canned() + "\n")),
    ("trailing newline", lambda id: shown(id, canned() + "\r\n")),
    ("trailing newline", lambda id: sent(id, custom(), signed=custom() + "\n")),
    ("trailing newline", lambda id: sent(id, custom() + "\n", signed=custom())),
    ("white space in the policy", lambda id: shown(id, json.dumps(CANNED))),
    ("white space in the policy", lambda id: shown(id, json.dumps(CANNED, indent=2))),
    ("white space in the policy", lambda id: shown(id, json.dumps(CANNED, indent=4).replace("\n", "\r\n"))),
    ("white space in the policy", lambda id: sent(id, json.dumps(json.loads(custom()), indent=2), signed=custom())),
    ("white space in the policy", lambda id: sent(id, custom(), signed=json.dumps(json.loads(custom())))),
    ("Statement as object", lambda id: shown(id, canned().replace("[", "").replace("]", ""))),
    ("order of the names", lambda id: shown(id, squeezed({"Statement": [dict(reversed(CANNED["Statement"][0].items()))]}))),
    ("escaped slashes", lambda id: shown(id, canned().replace("/", "\\/"))),
    ("escaped characters", lambda id: shown(id, canned().replace("&", "\\u0026"))),
    ("not plain UTF-8", lambda id: shown(id, b"\xef\xbb\xbf" + canned().encode())),
    ("base64 signed", lambda id: shown(id, base64.b64encode(canned().encode()))),
    ("base64 signed", lambda id: sent(id, custom(), signed=wire(custom().encode()))),
    ("hashed twice", lambda id: shown(id, hashlib.sha1(canned().encode()).digest())),
    ("hashed twice", lambda id: shown(id, hashlib.sha1(canned().encode()).hexdigest())),
    ("URL signed", lambda id: shown(id, URL)),
    ("Version in the policy", lambda id: shown(id, canned().replace('{"Statement', '{"Version":"2012-10-17","Statement'))),
    ("misspelt name", lambda id: shown(id, canned().replace("AWS:E", "aws:E"))),
    ("misspelt name", lambda id: sent(id, custom().replace("DateLessThan", "dateLessThan"))),
    ("name that does not belong", lambda id: sent(id, custom().replace('{"Statement', '{"Version":"2012-10-17","Statement'))),
    ("DateLessThan missing", lambda id: sent(id, '{"Statement":[{"Resource":"*","Condition":{}}]}')),
    ("two statements", lambda id: sent(id, squeezed({"Statement": [CANNED["Statement"][0], *CANNED["Statement"]]}))),
    ("not quite JSON", lambda id: sent(id, str(json.loads(custom())))),
    ("not UTF-8", lambda id: sent(id, custom().encode("utf-16"))),
    ("byte order mark", lambda id: sent(id, b"\xef\xbb\xbf" + custom().encode())),
    ("JSON twice", lambda id: sent(id, json.dumps(custom()))),
    ("query not covered", lambda id: sent(id, custom("https://d111.cloudfront.net/films/summer%20day/*.jpg"))),
    ("query missing", lambda id: sent(id, custom("https://d111.cloudfront.net/a.jpg?size=*"), "https://d111.cloudfront.net/a.jpg")),
    ("question mark as wildcard", lambda id: sent(id, custom("https://d111.cloudfront.net/films/summer%20day/ca?.jpg*"))),
    ("re-encoded query", lambda id: sent(id, custom("https://d/a?q=a+b"), "https://d/a?q=a%20b")),
    ("re-encoded query", lambda id: sent(id, custom("https://d/a?q=a b"), "https://d/a?q=a%20b")),
    ("re-encoded query", lambda id: sent(id, custom("https://d/a?q=\u00e9"), "https://d/a?q=%C3%A9")),
    ("re-encoded query", lambda id: sent(id, custom("https://d/*?flag"), "https://d/a?flag=")),
    ("re-encoded query", lambda id: shown(id, canned("https://d/a?flag="), "https://d/a?flag")),
    ("re-encoded query", lambda id: shown(id, canned("https://d/a?x=1&flag&g"), "https://d/a?x=1&flag=&g=")),
    ("re-encoded query", lambda id: shown(id, canned("https://d/a?x=1&flag=&g"), "https://d/a?x=1&flag&g")),
    ("re-encoded query", lambda id: shown(id, canned("https://d/a?f=%2A%3DUTF-8%27%27x"), "https://d/a?f=*%3DUTF-8''x")),
    ("re-encoded query", lambda id: shown(id, canned("https://d/a?f=*%3DUTF-8''x"), "https://d/a?f=%2A%3DUTF-8%27%27x")),
    ("re-encoded query", lambda id: shown(id, canned("https://d/a?q=a%20b+c"), "https://d/a?q=a+b+c")),
    ("re-encoded query", lambda id: shown(id, canned("https://d/a?b=2&b=3&a=x%20y"), "https://d/a?b=2&a=x+y&b=3")),
    ("empty parameter", lambda id: shown(id, canned("https://d/a?a=1&b=2"), "https://d/a?a=1&&b=2")),
    ("empty parameter", lambda id: shown(id, canned("https://d/a?a=1"), "https://d/a?&a=1")),
    ("re-encoded path", lambda id: shown(id, canned("https://d/a%2Fb/c"), "https://d/a/b/c")),
    ("re-encoded path", lambda id: shown(id, canned("https://d/a/b/c"), "https://d/a%2Fb/c")),
    ("empty parameter", lambda id: shown(id, canned("https://d/a?&a=1"), "https://d/a?a=1")),
    ("re-encoded query", lambda id: shown(id, canned("https://d/a?d=x; f*=UTF-8''%C3%A9"), "https://d/a?d=x%3B%20f*%3DUTF-8''%C3%A9")),
    ("re-encoded query", lambda id: shown(id, canned("https://d/a?d=x%3Bf%25C3%25A9"), "https://d/a?d=x;f%C3%A9")),
    ("empty parameter", lambda id: shown(id, canned("https://d/a?a=1&&b=2"), "https://d/a?a=1&b=2")),
    ("re-encoded query", lambda id: shown(id, canned("https://d/a?q=a%2fb"), "https://d/a?q=a/b")),
    ("re-encoded query", lambda id: shown(id, canned("https://d/a?q=a+b"), "https://d/a?q=a%2Bb")),
    ("re-encoded query", lambda id: shown(id, canned("https://d/a?x=1&flag"), "https://d/a?x=1&flag=null")),
    ("own parameter named Policy", lambda id: good(id) + "&Policy=gold"),
    ("own parameter named Policy", lambda id: good(id) + "&Policy="),
    ("own parameter named Policy", lambda id: shown(id, canned("https://d/a?Policy=gold"), "https://d/a?Policy=gold")),
    (
        "custom policy sent as canned",
        lambda id: Shown(shown(id, custom(URL, IpAddress={"AWS:SourceIp": "192.0.2.7/32"}).replace(": ", ":")), None, {"ip": "192.0.2.7"}),
    ),
    ("reordered query", lambda id: sent(id, custom("https://d/a?b=2&a=1"), "https://d/a?a=1&b=2")),
    ("port in the signed URL", lambda id: sent(id, custom(f"https://{HOST}:443/films/*"))),
    ("white space taken out", lambda id: sent(id, custom("https://d/myfile.jpg"), "https://d/my%20file.jpg")),
    ("letter case of the path", lambda id: sent(id, custom("https://d111.cloudfront.net/Films/*"))),
    ("doubled slash", lambda id: sent(id, custom("https://d//films/*"), "https://d/films/a")),
    ("fragment", lambda id: sent(id, custom("https://d/a.mp4?x=1#t=10"), "https://d/a.mp4?x=1")),
    ("re-encoded path", lambda id: sent(id, custom("https://d/a.mp4#t=10"), "https://d/a.mp4%23t%3D10")),
    ("fragment", lambda id: sent(id, custom("https://d/a.mp4#t=10"), "https://d/a.mp4")),
    ("fragment", lambda id: shown(id, canned("https://d/a.mp4#t=10"), "https://d/a.mp4#t=10")),
    ("playlist for its segments", lambda id: shown(id, canned("https://d/hls/master.m3u8"), "https://d/hls/seg001.ts")),
    ("playlist for its segments", lambda id: shown(id, canned("https://d/hls/master.m3u8"), "https://d/hls/720p/seg001.ts")),
    ("milliseconds", lambda id: shown(id, canned(end=f"{END}000"), carried=f"Expires={END}")),
    ("epoch not whole", lambda id: shown(id, canned(end=f"{END}.5"), carried=f"Expires={END}.5")),
    ("missing padding", lambda id: with_signature(id, two_signs(id)[:-1])),
    ("bytes printed as text", lambda id: with_signature(id, f"b'{wire(sign(id, canned()))}'")),
    ("bytes printed as text", lambda id: with_signature(id, f"b%27{wire(sign(id, canned()))}%27")),
    ("cookie for one file", lambda id: Shown(SEGMENT, one_file(id, "https://d111.cloudfront.net/films/index.m3u8"))),
    ("policy for one file", lambda id: sent(id, custom("https://d111.cloudfront.net/films/other.jpg"))),
    ("another path", lambda id: sent(id, custom("https://d111.cloudfront.net/music/*"))),
    ("letter case of the path", lambda id: sent(id, custom("https://d111.cloudfront.net/Films/Summer%20Day/cat.jpg?size=large&v=2"))),
    ("Resource changed", lambda id: sent(id, custom("https://d111.cloudfront.net/*"), signed=custom(URL))),
    ("DateLessThan changed", lambda id: sent(id, custom("*"), signed=custom("*").replace(str(END), str(END - 86400)))),
    ("cookie for one file", lambda id: Shown(SEGMENT, {**cookies(id, "https://d111.cloudfront.net/films/a.m3u8")})),
    ("cookies ignored", lambda id: Shown(SEGMENT + "?Expires=5", cookies(id))),
    ("cookies ignored", lambda id: Shown(SEGMENT + "?page=2&Policy=strict", cookies(id))),
    ("parts in URL and cookies", lambda id: Shown(good(id).partition("&Key-Pair-Id")[0], {"CloudFront-Key-Pair-Id": id})),
    ("misspelt cookie", lambda id: Shown(SEGMENT, {name.removeprefix("CloudFront-"): value for name, value in cookies(id).items()})),
    ("misspelt cookie", lambda id: Shown(SEGMENT, {name.lower(): value for name, value in cookies(id).items()})),
    ("cookies joined by commas", lambda id: Shown(SEGMENT, ", ".join(f"{name}={value}" for name, value in cookies(id).items()))),
    ("quotes in the token", lambda id: Shown(SEGMENT, {name: f'"{value}"' for name, value in cookies(id).items()})),
    (
        "percent-encoded token",
        lambda id: Shown(SEGMENT, {name: re.sub("[-_~]", lambda c: f"%{ord(c[0]):X}", value) for name, value in cookies(id).items()}),
    ),
    ("cookie twice", lambda id: Shown(SEGMENT, [f"{name}={value}" for name, value in cookies(id).items()] + ["CloudFront-Signature=old"])),
    ("misspelt parameter", lambda id: good(id).replace("Key-Pair-Id", "KeyPairId")),
    ("misspelt parameter", lambda id: good(id).replace("Signature", "signature")),
    ("missing Key-Pair-Id", lambda id: good(id).partition("&Key-Pair-Id")[0]),
    ("signing parameter twice", lambda id: good(id) + f"&Key-Pair-Id={id}"),
    ("&amp; in the URL", lambda id: good(id).replace("&", "&amp;")),
    ("backslashes in the URL", lambda id: good(id).replace("&", "\\&")),
    ("fragment", lambda id: good(id).replace("?size", "#t=5?size")),
    ("second ? in the URL", lambda id: good(id).replace("&Expires", "?Expires")),
    ("no ? in the URL", lambda id: shown(id, canned("https://d/a"), "https://d/a").replace("?", "&")),
    ("quotes around the URL", lambda id: f'"{good(id)}"'),
    ("white space around the URL", lambda id: f"  {good(id)}\n"),
    ("line break in the URL", lambda id: broken(good(id))),
    ("text after the URL", lambda id: f"{good(id)}."),
    ("text before the URL", lambda id: f"[a cat]({good(id)})"),
    ("text before the URL", lambda id: json.dumps({"url": good(id), "more": 5})),
    ("text before the URL", lambda id: f'<a href="{good(id)}">a cat</a>'),
    (
        "encoded separators",
        lambda id: good(id).replace("&Expires", "%26Expires").replace("&Signature", "%26Signature").replace("&Key", "%26Key"),
    ),
    ("cookies joined by &", lambda id: Shown(SEGMENT, "&".join(f"{name}={value}" for name, value in cookies(id).items()))),
    ("cookies with colons", lambda id: Shown(SEGMENT, "; ".join(f"{name}: {value}" for name, value in cookies(id).items()))),
    ("attributes in the cookie", lambda id: Shown(SEGMENT, {name: f"{value}, Path=/" for name, value in cookies(id).items()})),
    ("Statement left out", lambda id: sent(id, squeezed(json.loads(custom())["Statement"][0]))),
    ("Statement left out", lambda id: shown(id, squeezed(CANNED["Statement"][0]))),
    ("list of resources", lambda id: sent(id, custom().replace(f'"{FILM}"', f'["{FILM}"]'))),
    ("AWS:EpochTime left out", lambda id: sent(id, custom().replace(f'{{"AWS:EpochTime":{END}}}', str(END)))),
    ("epoch out of reach", lambda id: sent(id, custom().replace(str(END), "9" * 30))),
    ("address that is none", lambda id: sent(id, custom(IpAddress={"AWS:SourceIp": "here"}))),
    ("nothing signed", lambda id: shown(id, b"")),
    ("trailing white space", lambda id: shown(id, canned() + " ")),
    ("scheme in capitals", lambda id: shown(id, canned("HTTPS://d/a"), "HTTPS://d/a")),
    ("another file", lambda id: shown(id, canned("https://d/app/index.html"), "https://d/app/app.js")),
    ("another folder", lambda id: shown(id, canned("https://d/a.jpg"), "https://d/private/a.jpg")),
    ("question mark", lambda id: shown(id, canned("https://d/a?"), "https://d/a")),
    ("question mark", lambda id: shown(id, canned("https://d/a?x=1&"), "https://d/a?x=1")),
    ("white space in the signed URL", lambda id: shown(id, canned("https://d/a "), "https://d/a")),
    ("white space in the signed URL", lambda id: shown(id, canned("https://d/a\\n"), "https://d/a")),
    ("part of the URL", lambda id: shown(id, canned("d/a"), "https://d/a")),
    ("path-only resource", lambda id: shown(id, canned("films/a b.mp4"), "https://d/films/a%20b.mp4")),
    ("canned policy sent as custom", lambda id: sent(id, custom(URL, IpAddress={"AWS:SourceIp": "0.0.0.0/0"}), signed=canned())),
    ("signing parameters signed", lambda id: shown(id, canned(f"https://d/a?Expires={END}"), "https://d/a")),
    ("no scheme", lambda id: good(id).removeprefix("https://")),
    ("URL encoded as a whole", lambda id: quote(good(id), safe="")),
    ("hexadecimal signature", lambda id: with_signature(id, sign(id, canned()).hex())),
]


def sent_plain(id: str) -> str:
    text = custom().encode()
    text += b" " * (1 + -len(text) % 3)
    return shown(id, text, carried=f"Policy={base64.b64encode(text).decode()}")


def broken(url: str) -> str:
    return url[:60] + "\n" + url[60:]
