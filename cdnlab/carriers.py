"""Repairs of what carries a signature: the URL as it was pasted, the names of its parameters, cookies and their form.

Each repair takes a case and gives changed cases; whether one of them helps is for the edge's verifier to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from urllib.parse import unquote

from cdnlab.cases import Case, Change, Note, sendable, short, with_parameters
from cdnlab.cookieforms import one_header
from cdnlab.signedpolicy import canned_text
from cdnlab.tokens import COOKIE, PARAMETERS, cookie_token, url_token

__all__ = [
    "cookies_hidden",
    "cookies_misformed",
    "fragment",
    "misnamed",
    "own_named",
    "separators",
    "shown_twice",
    "spread",
    "unpasted",
]

_BY_PLAIN_NAME = {re.sub(r"[^a-z]", "", name.lower()): name for name in PARAMETERS} | {
    "keypair": "Key-Pair-Id",
    "keyid": "Key-Pair-Id",
    "keypairid": "Key-Pair-Id",
    "publickeyid": "Key-Pair-Id",
    "expire": "Expires",
    "expiry": "Expires",
    "sig": "Signature",
    "hash": "Hash-Algorithm",
    "hashalg": "Hash-Algorithm",
    "hashalgoritm": "Hash-Algorithm",
    "algorithm": "Hash-Algorithm",
}
_NAMES = "|".join(PARAMETERS)
_MOST_PARTS = 200


def unpasted(case: Case) -> Iterator[Change]:
    """White space, quotes and other text that came along when the URL was copied."""
    raw = case.raw
    found = re.search(r"https?:(?://|\\/\\/)", raw, re.IGNORECASE)
    text = raw[found.start() :] if found else raw.strip(" \t\r\n\"'<>`")
    before = raw[found.start() - 1] if found and found.start() else ""
    if before and before in "\"'<(`":  # as it stands in HTML, JSON, Markdown
        text = text.partition({"<": ">", "(": ")"}.get(before, before))[0]
    text = text.strip().rstrip("\"'<>`,;.").rstrip()
    text = re.sub(r"[\r\n\t]+[ ]*", "", text)
    if not found and re.match(r"(?://)?[A-Za-z0-9.\-]+\.[A-Za-z]{2,}(?:[/?]|\Z)", text):
        note = Note("no scheme", "the URL has no https:// in front", "Put https:// in front of the URL.")
        yield Change(case.at_url("https://" + text.lstrip("/")), (note,))
    if text == raw:
        return
    if re.search(r"[\r\n\t]", raw.strip()):
        note = Note("line break in the URL", "a line break or a tab is inside the URL", "Write the URL in one line, without breaks.")
    elif raw.strip() == text:
        note = Note("white space around the URL", "white space stands before or after the URL", "Leave the white space away: trim the URL.")
    elif found and found.start() > 1:
        note = Note("text before the URL", "other text stands before the URL", "Give the URL alone, from https:// on.")
    elif raw.strip().rstrip(".,;") == text:
        note = Note("text after the URL", "a full stop or comma stands behind the URL", "Leave what follows the URL in the sentence away.")
    else:
        note = Note("quotes around the URL", "quotation marks or brackets stand around the URL", "Leave the marks around the URL away.")
    yield Change(case.at_url(text), (note,))


def separators(case: Case) -> Iterator[Change]:
    """An `&amp;` out of HTML, an escape of a shell or of JSON, a second `?`, a missing one, a URL that is encoded as a whole."""
    raw = case.raw
    if "&amp;" in raw or "&#" in raw:
        fix = "Write & where the URL has &amp;: take the URL out of the page's HTML unescaped."
        yield Change(case.at_url(unescape(raw)), (Note("&amp; in the URL", "the URL is written as HTML, with &amp; for &", fix),))
    if "\\" in raw:
        plain = re.sub(r"\\u0026", "&", raw)
        plain = re.sub(r"\\u003[dD]", "=", plain)
        plain = re.sub(r"\\(?=[?&=/~])", "", plain)
        fix = "Leave the backslashes away: they are a shell's or JSON's way of writing, not part of the URL."
        yield Change(case.at_url(plain), (Note("backslashes in the URL", "backslashes or \\u0026 stand in the URL", fix),))
    if re.match(r"https?%3A", raw, re.IGNORECASE) or ("?" not in raw and "%3F" in raw.upper()):
        fix = "Decode the URL once before it is used; encode only what goes into a query as a value."
        yield Change(case.at_url(unquote(raw)), (Note("URL encoded as a whole", "the whole URL is percent-encoded", fix),))
    head, mark, query = raw.partition("?")
    if mark and (plain := re.sub(rf"\?(?=(?:{_NAMES})=)", "&", query)) != query:
        fix = "A URL that has a query already gets & before the first signing parameter, not a second ?."
        yield Change(case.at_url(f"{head}?{plain}"), (Note("second ? in the URL", "a ? stands where & belongs", fix),))
    if not mark and (plain := re.sub(rf"&(?=(?:{_NAMES})=)", "?", raw, count=1)) != raw:
        fix = "The first parameter of a URL comes after ?, only the others after &."
        yield Change(case.at_url(plain), (Note("no ? in the URL", "the query begins with &", fix),))
    if (plain := re.sub(rf"(?i:%26|%3B|;)(?=(?:{_NAMES})(?:=|%3D))", "&", query)) != query:
        plain = re.sub(rf"(?<![^&])({_NAMES})%3[dD]", r"\1=", plain)
        fix = "Separate the signing parameters by a plain &; do not encode the URL once more after it was signed."
        yield Change(case.at_url(f"{head}?{plain}"), (Note("encoded separators", "%26, %3B or ; stands where & belongs", fix),))


def own_named(case: Case) -> Iterator[Change]:
    """A parameter of one's own that is called Policy, beside a canned policy."""
    token, address = case.token, case.address
    if token is None or address is None or token.carrier != "URL" or token.policy is None or token.expires is None:
        return
    says = "the URL has Policy and Expires, so it counts as one with a custom policy"
    fix = (
        "Rename your own parameter Policy (or leave it out): a signed URL has none of its own by that name. Without it the signature holds."
    )
    note = Note("own parameter named Policy", says, fix)
    without = with_parameters(case, {"Policy": None})
    yield Change(without, (note,), guess=True)
    own = [part for part in case.url.partition("?")[2].split("&") if part.partition("=")[0] not in PARAMETERS or part.startswith("Policy=")]
    signed = canned_text(str(address._replace(query="&".join(own))), token.expires)
    yield Change(replace(without, text=signed.encode("utf-8", "replace")), (note,), guess=True)


def fragment(case: Case) -> Iterator[Change]:
    """The signing parameters were added after a `#`, so they never left the client."""
    before, mark, tail = case.raw.partition("#")
    inside, question, query = tail.partition("?")
    if not mark or not re.search(rf"(?:\A|[?&])(?:{_NAMES})=", tail):
        return
    if not question:
        inside, question, query = tail.partition("&")
    joiner = "&" if "?" in before else "?"
    fix = f"Take {short('#' + inside, 40)} off before signing (it never leaves the client); a client may add it at the very end."
    note = Note("fragment", "the signing parameters stand behind a #, and what is behind a # is never sent", fix)
    yield Change(case.at_url(f"{before}{joiner}{query}#{inside}"), (note,))


def misnamed(case: Case) -> Iterator[Change]:
    """Parameters and cookies whose names are almost right."""
    base, mark, query = case.url.partition("?")
    parts, notes = _renamed(query.split("&") if mark else [], "", "parameter")
    if notes:
        yield Change(case.at_url(f"{base}?{'&'.join(parts)}"), notes)
    parts, notes = _renamed([part.strip() for part in case.cookies.split(";")], COOKIE, "cookie")
    if notes:
        yield Change(replace(case, cookies="; ".join(parts)), notes)


def _renamed(parts: list[str], prefix: str, kind: str) -> tuple[list[str], tuple[Note, ...]]:
    """The parts with right names where theirs are nearly right, and a Note if there are any."""
    there = {part.partition("=")[0] for part in parts}
    made, wrong = [], []
    for part in parts if len(parts) <= _MOST_PARTS else ():
        name, equals, value = part.partition("=")
        plain = re.sub(r"[^a-z]", "", unquote(name[:80]).lower()).removeprefix("amp").removeprefix("xamz").removeprefix("cloudfront")
        right = prefix + _BY_PLAIN_NAME.get(plain, "")
        if equals and right != prefix and right not in there:
            wrong.append((name, right))
            there.add(right)
            part = f"{right}={value}"
        made.append(part)
    if not wrong:
        return parts, ()
    says = "; ".join(f"{short(old, 40)} is not {new}" for old, new in wrong)
    fix = f"Name the {kind}s exactly {', '.join(new for _, new in wrong)}: prefix, upper and lower case and hyphens count."
    return made, (Note(f"misspelt {kind}", says, fix),)


def shown_twice(case: Case) -> Iterator[Change]:
    """A parameter that is there twice: the last ones alone, or the first ones alone."""
    token = case.token
    if token is None or not token.twice:
        return
    where, name = ("URL", "signing parameter twice") if token.carrier == "URL" else ("Cookie header", "cookie twice")
    if token.carrier == "URL":
        base, _, query = case.url.partition("?")
        parts, joint = query.split("&"), "&"
        known = set(PARAMETERS)
    else:
        parts, joint, base = [part.strip() for part in case.cookies.split(";")], "; ", ""
        known = {COOKIE + each for each in PARAMETERS}
    for which in ("last", "first"):
        kept = _once(parts, known, last=which == "last")
        also = (
            ": a URL that is signed already must not be signed again"
            if token.carrier == "URL"
            else ": delete the older cookies (same name, other Path or Domain)"
        )
        fix = f"Send each only once in the {where}{also}. The {which} one of each would do."
        note = Note(name, f"{token.named(token.twice)} is there more than once", fix)
        if base:
            yield Change(replace(case, url=sendable(f"{base}?{joint.join(kept)}")), (note,))
        else:
            yield Change(replace(case, cookies=joint.join(kept)), (note,))


def _once(parts: list[str], known: set[str], *, last: bool) -> list[str]:
    seen: set[str] = set()
    kept = []
    for part in reversed(parts) if last else parts:
        name = part.partition("=")[0]
        if name in known and name in seen:
            continue
        seen.add(name)
        kept.append(part)
    return kept[::-1] if last else kept


def cookies_hidden(case: Case) -> Iterator[Change]:
    """Good cookies that nobody looked at, because the URL has a parameter with a signing name."""
    base, mark, query = case.url.partition("?")
    token = url_token(query) if mark else None
    if token is None or not case.cookies or cookie_token(case.cookies) is None:
        return
    shown = [name for name in PARAMETERS if any(part.partition("=")[0] == name for part in query.split("&"))]
    url = base if token.own is None else f"{base}?{token.own}"
    says = f"the URL carries {', '.join(shown)}, so it counts as a signed URL and the cookies are not looked at"
    fix = f"Leave {', '.join(shown)} out of the URL (a parameter of your own needs another name); the cookies are then looked at."
    yield Change(replace(case.at_url(url), text=None), (Note("cookies ignored", says, fix),))


def spread(case: Case) -> Iterator[Change]:
    """Parts of one signature in the URL and in cookies."""
    _, mark, query = case.url.partition("?")
    in_url, in_cookies = url_token(query) if mark else None, cookie_token(case.cookies) if case.cookies else None
    if in_url is None or in_cookies is None:
        return
    fields = ("expires", "policy", "signature", "key_pair_id", "hash_algorithm")
    missing = {
        name: getattr(in_cookies, field)
        for name, field in zip(PARAMETERS, fields, strict=True)
        if getattr(in_url, field) is None and getattr(in_cookies, field) is not None
    }
    if missing:
        fix = f"Send all parts on one way: {', '.join(missing)} belongs into the URL, too (or everything into cookies)."
        note = Note("parts in URL and cookies", "a part of the signature is in the URL and a part in cookies", fix)
        yield Change(with_parameters(case, missing, "URL"), (note,))


def cookies_misformed(case: Case) -> Iterator[Change]:
    """Cookies folded into one, in quotation marks, or in the query's form; cookies that were pasted as the URL's query."""
    cookies = case.cookies
    if not cookies:
        return
    if re.search(rf",\s*{COOKIE}", cookies):
        plain = one_header(re.sub(rf",\s*(?={COOKIE})", "\n", cookies)) or ""
        fix = "Send each cookie in a Set-Cookie header of its own; do not join them by commas."
        yield Change(replace(case, cookies=plain), (Note("cookies joined by commas", "several cookies are joined by commas", fix),))
    if re.search(rf"&{COOKIE}", cookies):
        fix = "Separate cookies by a semicolon and a space; & is for a query."
        yield Change(replace(case, cookies=cookies.replace("&", "; ")), (Note("cookies joined by &", "cookies are joined by &", fix),))
    if re.search(rf"{COOKIE}[A-Za-z\-]+:\s", cookies):
        plain = re.sub(rf"({COOKIE}[A-Za-z\-]+):\s+", r"\1=", cookies)
        fix = "Write name=value for each cookie, with = between them."
        yield Change(replace(case, cookies=plain), (Note("cookies with colons", "a colon stands where = belongs", fix),))
