"""Cookies in the forms in which programs give them, as the text of one Cookie header.

Every signer hands out its cookies in another way: Python as a dict, JavaScript with a number in it, Java as a map printed, curl as
lines of a file. All of them mean the same names and values, so all of them are taken.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from cdnlab.tokens import COOKIE

__all__ = ["MAX_HEAD", "one_header"]

MAX_HEAD = 32768  # bytes of a request's head (cloudfront-limits): what is longer is not read closely
_MOST_COOKIES = 4096
_MOST_DIGITS = 4000
_FOLDED = re.compile(r"(;\s*(?:path|domain|secure|httponly|samesite|max-age|expires)\b[^;]*?),\s*(?=CloudFront-)", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ATTRIBUTES = ("path", "domain", "expires", "max-age", "secure", "httponly", "samesite", "partitioned", "priority")
_PRINTED = re.compile(rf"[\"'\[]?({COOKIE}[A-Za-z\-]+)[\"'\]]?\s*(?:=>|=|:)\s*[\"']?([^\"'\s,;{{}}\[\]]*)")


def one_header(cookies: Any) -> str | None:
    """Cookies as the text of one Cookie header; None for what cannot be read as cookies.

    Takes names and values (a mapping, pairs, objects with `name` and `value`, http.cookies, http.cookiejar), a Cookie header, Set-Cookie
    lines, lines of a cookie file, and the text of a map as JSON, Java, Python, Ruby or PHP print it.

    >>> one_header(["CloudFront-Expires=5; Path=/; Secure", "theme=dark"]), one_header({"CloudFront-Expires": 5})
    ('CloudFront-Expires=5; theme=dark', 'CloudFront-Expires=5')
    """
    if cookies is None:
        return ""
    if isinstance(cookies, str | bytes | bytearray):
        text = _of_text(_text(cookies) or "")
    elif isinstance(cookies, Iterable):
        named = _of_cookie(cookies)
        given = cookies.items() if isinstance(cookies, Mapping) and named is None else cookies if named is None else [named]
        lines: list[str] = []
        size = 0
        for each in islice(given, _MOST_COOKIES):
            if (line := _line(each)) is None:
                return None
            lines.append(line)
            size += len(line)
            if size > MAX_HEAD:
                break
        text = "; ".join(filter(None, lines))
    elif (named := _of_cookie(cookies)) is not None:
        text = "=".join(named)
    else:
        return None
    return text if len(text) > MAX_HEAD else _CONTROL.sub(lambda found: f"%{ord(found[0]):02X}", text)


def _text(value: Any) -> str | None:
    """A name or value as text; None if it is neither text nor number."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes | bytearray):
        return bytes(value).decode("utf-8", "surrogateescape")
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**_MOST_DIGITS:
        return str(value)
    if isinstance(value, float):
        return str(value)
    inner = getattr(value, "value", None)
    return inner if isinstance(inner, str) else None


def _of_cookie(value: Any) -> tuple[str, str] | None:
    """Name and value of one cookie: an object that has them, or a mapping with nothing else to call them by."""
    if isinstance(value, Mapping):
        lower = {str(name).lower(): inner for name, inner in islice(value.items(), 20)}
        name, inner = next((lower[each] for each in ("name", "key") if each in lower), None), lower.get("value")
    else:
        name, inner = getattr(value, "name", None), getattr(value, "value", None)
    if name is None:
        name, inner = getattr(value, "key", None), getattr(value, "value", None)  # http.cookies.Morsel, which is a mapping, too
    shown = _text(inner)
    return (name, shown) if isinstance(name, str) and shown is not None else None


def _line(item: Any) -> str | None:
    """One of several cookies as `name=value`."""
    if isinstance(item, str | bytes | bytearray):
        return _of_text(_text(item) or "")
    if (named := _of_cookie(item)) is not None:
        return "=".join(named)
    if isinstance(item, list | tuple) and len(item) == 2:
        name, value = _text(item[0]), _of_cookie(item[1])
        shown = value[1] if value else _text(item[1])
        return None if name is None or shown is None else f"{name}={shown}"
    if isinstance(item, Mapping):
        return one_header(item)
    return None


def _of_text(text: str) -> str:
    if len(text) > MAX_HEAD:
        return text
    whole = text.strip()
    if whole[:1] in ("{", "[") or re.match(r"Array\s*\(", whole):
        try:
            value = json.loads(whole)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict | list) and (read := one_header(value)):
            return read
        if pairs := _PRINTED.findall(whole):
            return "; ".join(f"{name}={value}" for name, value in pairs)
    return "; ".join(filter(None, map(_pairs, _FOLDED.sub(r"\1\n", text).splitlines())))


def _pairs(line: str) -> str:
    """The pairs of one line: a Cookie header's all, a Set-Cookie line's without its attributes, those of a line of a cookie file."""
    fields = line.split("\t")
    if len(fields) == 7:  # Netscape's file, which curl and wget write: domain, sub-domains, path, secure, expires, name, value
        return f"{fields[5]}={fields[6].strip()}"
    line = re.sub(r"\A\s*(?:set-)?cookie\s*:", "", line, flags=re.IGNORECASE).strip()
    return "" if line.startswith("# ") else "; ".join(_without_attributes(line))


def _without_attributes(line: str) -> Iterator[str]:
    first, *rest = [part.strip() for part in line.split(";")]
    yield from filter(None, [first, *(part for part in rest if part.partition("=")[0].strip().lower() not in _ATTRIBUTES)])
