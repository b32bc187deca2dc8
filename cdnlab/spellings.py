"""A URL as somebody else may have written it: the ways in which the URL that was signed differs from the one that is asked for.

Each is an Alternative: another value, and the Note that tells the mistake. They come section by section (protocol, domain, path, query),
as a signature compares them, and then those that are no URL of this form at all: the path alone, a pattern, the URL before it was encoded.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import chain, islice, permutations, product
from typing import Any, NamedTuple
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from cdnlab.cases import Case, Note, sendable, short
from cdnlab.resources import Address
from cdnlab.tokens import PARAMETERS

__all__ = ["Alternative", "as_written", "domains", "oddities", "paths", "patterns", "queries", "rewritten", "schemes"]

_MOST_CHARACTERS = 2000  # what is longer is not respelt: it would cost more than it tells
_MOST_PARTS = 40
_UNRESERVED = re.compile("%(2[dDeE]|5[fF]|7[eE]|3[0-9]|[46][1-9a-fA-F]|[57][0-9aA])")
_MARKS, _ENCODED_MARKS = re.compile(r"[!'()*]"), re.compile(r"%2[1789Aa]")
_PLACES = (re.compile(r"(?<!\A)/|%2[fF]"), re.compile(r"\+|%20"))  # of a path, of a query
_SWAPPED = {"/": "%2F", "%2F": "/", "+": "%20", "%20": "+"}
_ASCII = re.compile("%[2-7][0-9a-fA-F]")
_ESCAPE = re.compile("%[0-9A-F]{2}")
_PLAYLISTS = ("index.html", "index.m3u8", "master.m3u8", "playlist.m3u8", "manifest.mpd", "index.mpd", "stream.mpd")


class Alternative(NamedTuple):
    """Another value for one section of a URL, or for all of it, and the mistake that leads to it."""

    value: Any
    note: Note


def schemes(address: Address, raw: str = "") -> Iterator[Alternative]:
    """Other protocols."""
    other = "http" if address.scheme == "https" else "https"
    fix = f"Sign the URL with {address.scheme}://, as it is asked for (or ask for it with {other}://)."
    yield Alternative(other, Note("wrong scheme", f"signed for {other}://, asked for with {address.scheme}://", fix))
    written = raw.partition("://")[0]
    if written.lower() == address.scheme and written != address.scheme:
        fix = f"Sign the URL with {address.scheme}:// in lower case."
        yield Alternative(written, Note("scheme in capitals", f"signed with {written}://", fix))


def domains(address: Address, raw: str, hosts: tuple[str, ...]) -> Iterator[Alternative]:
    """Other hosts, and other ways to write this one."""
    host, _, port = address.domain.partition(":")
    label, dot, rest = host.partition(".")
    given = re.match(r"[A-Za-z]+://([^/?#]{1,300})", raw)
    plain = f"Sign the host as it is sent: {address.domain}, in lower case and without a port that goes without saying."
    named = f"Sign the URL with the host that the viewer uses, {address.domain} (or hand out the URL with {{}})."
    found: list[tuple[str, str, str]] = []
    if given:
        found.append((given[1], "host written differently", plain))
    found += [(name, "wrong host", named.format(short(name, 60))) for name in hosts[:_MOST_PARTS]]
    found += [(f"{host}:{number}", "port in the signed URL", f"Leave :{number} out of the URL that is signed.") for number in (443, 80)]
    if port:
        found.append((host, "port in the signed URL", f"Sign the port, too: {address.domain}."))
    found += [(name, "host written differently", plain) for name in (host.upper(), label.upper() + dot + rest, host.title(), host + ".")]
    other = host.removeprefix("www.") if host.startswith("www.") else f"www.{host}"
    found.append((other, "wrong host", named.format(short(other, 60))))
    seen = {address.domain}
    for name, mistake, fix in found:
        if name not in seen:
            seen.add(name)
            yield Alternative(name, Note(mistake, f"signed for the host {short(name, 60)}, asked for at {short(address.domain, 60)}", fix))


def _respelt(text: str, *, query: bool) -> Iterator[tuple[str, str]]:
    """Other spellings of a path or query, and how each came about."""
    once, keep = unquote(text), "=&" if query else "/"
    yield once, "percent-decoded"
    if query or "+" in text or "%20" in text:
        yield unquote_plus(text), "percent-decoded, with + read as a space"
        yield text.replace("+", "%20"), "with %20 for +"
        yield text.replace("%20", "+"), "with + for %20"
        yield text.replace("+", "%2B"), "with %2B for +"
        yield text.replace("%2B", "+"), "with + for %2B"
    yield unquote(once), "percent-decoded twice"
    yield text.replace("%", "%25"), "percent-encoded once more"
    yield quote(text, safe=keep), "percent-encoded once more"
    yield re.sub("%[0-9a-fA-F]{2}", lambda found: found[0].lower(), text), "with lower case after %"
    yield re.sub("%[0-9a-fA-F]{2}", lambda found: found[0].upper(), text), "with upper case after %"
    for extra in ("", "!'()*", "!'()*@:$,;+&=", "/:@!$&'()*+,;=?"):
        yield quote(once, safe=keep + extra), "percent-encoded in another way"
    yield quote_plus(once, safe=keep), "percent-encoded as a form, with + for a space"
    yield _UNRESERVED.sub(lambda found: unquote(found[0]), text), "with needless encodings removed"
    yield text.replace("~", "%7E"), "with %7E for ~"
    yield text.replace("&", "&amp;"), "with &amp; for &"
    ascii_decoded = _ASCII.sub(lambda found: unquote(found[0]), text)
    yield ascii_decoded, "percent-decoded but for letters beyond ASCII"
    yield ascii_decoded.replace(" ", "%20"), "percent-decoded but for blanks and letters beyond ASCII"
    yield ascii_decoded.replace(" ", "%20").replace("'", "%27"), "as a browser writes it"
    yield _MARKS.sub(lambda found: f"%{ord(found[0]):02X}", text), "with its ! ' ( ) * percent-encoded"
    yield _ENCODED_MARKS.sub(lambda found: unquote(found[0]), text), "with its ! ' ( ) * not percent-encoded"
    yield text.replace("'", "%27"), "with its ' percent-encoded"
    for place in islice(_PLACES[query].finditer(text), 12):
        other = _SWAPPED[place[0].upper()]
        yield f"{text[: place.start()]}{other}{text[place.end() :]}", f"with {other} for one {place[0]}"
    for form in ("NFC", "NFD"):
        composed = unicodedata.normalize(form, once)
        yield quote(composed, safe=keep), f"with its letters in Unicode's form {form}"
        yield composed, f"percent-decoded, in Unicode's form {form}"
    yield quote(once, safe="=" if query else ""), "percent-encoded, slashes included"


def _spellings(text: str, what: str) -> Iterator[Alternative]:
    if len(text) > _MOST_CHARACTERS:
        return
    seen = {text}
    fix = f"Sign the {what} exactly as it is requested ({short(text, 60)}), encoded once and before it is signed."
    for other, how in _respelt(text, query=what == "query"):
        if other not in seen:
            seen.add(other)
            yield Alternative(other, Note(f"re-encoded {what}", f"signed with the {what} {how}: {short(other, 60)}", fix))


def _rewritten(parts: list[str]) -> Iterator[tuple[str, str]]:
    """A query as a program writes it that has taken it apart into names and values, and how it came about."""
    pairs = [part.split("=", 1) for part in filter(None, parts)]
    grouped: dict[str, list[list[str]]] = {}
    for pair in pairs:
        grouped.setdefault(pair[0], []).append(pair)
    orders = (
        (pairs, ""),
        ([pair for group in grouped.values() for pair in group], " and its repeated names side by side"),
        (sorted(pairs), " and its parameters sorted"),
    )
    writers = (
        lambda text: text,
        *(lambda text, safe=safe: quote(unquote(text), safe) for safe in ("", "!'()*", "!'()*=", "!'()*=;/?:@$,+")),
        lambda text: quote(_ASCII.sub(lambda found: unquote(found[0]), text), ""),
        lambda text: _ESCAPE.sub(lambda found: found[0].lower(), quote(unquote(text), "")),
        *(lambda text, safe=safe: quote(unquote_plus(text), safe) for safe in ("", "!'()*")),
        lambda text: quote_plus(unquote_plus(text)),
        lambda text: quote_plus(unquote_plus(text), safe="*").replace("~", "%7E"),
        unquote,
    )
    for number, part in enumerate(parts):
        if part and ("=" not in part or part.endswith("=")):
            said = part.removesuffix("=") if "=" in part else f"{part}="
            yield "&".join([*parts[:number], said, *parts[number + 1 :]]), f"with {short(said, 40)} for {short(part, 40)}"
    for (order, how), write, bare in product(orders, writers, ("=", "")):
        said = "&".join("=".join(map(write, pair)) if len(pair) > 1 and (pair[1] or bare) else write(pair[0]) + bare for pair in order)
        yield said, f"taken apart and written anew{' (flag= for flag)' if bare else ''}{how}"


def paths(address: Address, carrier: str = "URL") -> Iterator[Alternative]:
    """Other spellings of the path, and other paths near it. `carrier`: what the signature came in, URL or cookies."""
    path = address.path
    if len(path) > _MOST_CHARACTERS:
        return
    yield from _spellings(path, "path")
    fix = f"Sign the path exactly as it is requested: {short(path, 60)}."

    def other(value: str, name: str, how: str) -> Alternative:
        return Alternative(value, Note(name, f"signed {how}: {short(value, 60)}", fix))

    if path == "/":
        yield other("", "trailing slash", "without the / after the host")
    elif path.endswith("/"):
        yield other(path[:-1], "trailing slash", "without the / at the end")
    else:
        yield other(path + "/", "trailing slash", "with a / at the end")
    yield other("/" + path, "doubled slash", "with // at the beginning")
    if "//" in path:
        yield other(re.sub("/+", "/", path), "doubled slash", "with one / for //")
    yield from _playlists(address, carrier)
    if path.count("/") > 1:
        yield other(path[path.index("/", 1) :], "another folder", "without the first folder")
    if path.lower() != path:
        yield other(path.lower(), "letter case of the path", "in lower case")


def _playlists(address: Address, carrier: str) -> Iterator[Alternative]:
    """The files that are opened first, of this folder and of those above it."""
    folders = [address.path[: found.end()] for found in re.finditer("/", address.path)][:-4:-1]
    for folder, name in product(folders, _PLAYLISTS):
        value = folder + name
        if value == address.path:
            continue
        wide = short(f"{address.scheme}://{address.domain}{folder}*", 80)
        says = f"signed for {short(value, 60)}, and asked for is {short(address.path, 60)}"
        if carrier == "cookies":
            fix = f"A canned cookie opens one file: for more, set cookies with a custom policy whose Resource has a *, such as {wide}."
            yield Alternative(value, Note("cookie for one file", says, fix))
        elif name.endswith("html"):
            fix = f"Sign each file by itself, exactly as it is requested, or use a custom policy with Resource {wide}."
            yield Alternative(value, Note("another file", says, fix))
        else:
            fix = (
                f"A playlist's signature does not cover its segments: use a custom policy with Resource {wide}, or signed cookies with it."
            )
            yield Alternative(value, Note("playlist for its segments", says, fix))


def queries(address: Address, raw: str = "") -> Iterator[Alternative]:
    """The query without some of it, in another order, in another spelling. `raw`: the URL as it was given."""
    query = address.query
    if query is None:
        fix = "Sign the URL without a ? at its end, unless parameters of your own follow it."
        yield Alternative("", Note("question mark", "signed with a ? at the end of the URL", fix))
        return
    shown = short(query, 60)
    whole = f"Sign the URL with its whole query ({shown}), and add nothing to a URL that is signed."
    exactly = f"Sign the query exactly as it is requested: {shown}."
    if query == "":
        yield Alternative(None, Note("question mark", "signed without the ? at the end", exactly))
        return
    parts = query.split("&")
    added = raw.partition("?")[2].partition("=")[0] in PARAMETERS  # all of it stands behind a signing parameter
    few = len(parts) <= _MOST_PARTS * 2

    def without(value: str | None, left_out: list[str]) -> Alternative:
        if value is None and not added:
            return Alternative(None, Note("query left out", f"signed without the query {shown}", whole))
        what = short("&".join(left_out), 60)
        fix = f"Take {what} off the signed URL, or sign the URL with it: nothing can be added later."
        return Alternative(value, Note("appended query", f"signed without {what}", fix))

    if "" in parts:
        fix = f"{exactly} Leave & out where no parameter follows: signers take an empty one away."
        yield Alternative("&".join(filter(None, parts)), Note("empty parameter", "signed without the empty parameters", fix))
    if few:
        fix = f"{exactly} Take the empty parameter, the & without a name, out of the URL before it is signed."
        doubled = ("&".join([*parts[:number], "", *parts[number:]]) for number in range(min(len(parts), 8)))
        for said in (*doubled, *(["&&".join(parts)] if len(parts) > 2 else [])):
            yield Alternative(said, Note("empty parameter", f"signed with an empty parameter: {short(said, 60)}", fix))
        if (said := re.sub(r"=(?:null|undefined|None)(?=&|\Z)", "", query)) != query:
            fix = f"{exactly} Give every parameter a value: this signer sends one without as null."
            yield Alternative(said, Note("re-encoded query", f"signed with the query {short(said, 60)}", fix))
    for count in range(len(parts) - 1, max(0, len(parts) - _MOST_PARTS), -1):
        yield without("&".join(parts[:count]), parts[count:])
    yield without(None, parts)
    if len(parts) > 1 and few:
        for number in range(len(parts)):
            yield without("&".join(parts[:number] + parts[number + 1 :]), [parts[number]])
        for count in range(2, len(parts)):
            yield without("&".join(parts[count:]), parts[:count])
        order = "Keep the parameters in the order in which they were signed."
        orders = (sorted(parts), parts[::-1], list(dict.fromkeys(parts)), sorted(parts, key=lambda part: part.partition("=")[0]))
        for said in dict.fromkeys("&".join(some) for some in chain(orders, permutations(parts) if len(parts) <= 5 else ())):
            if said == query:
                continue
            yield Alternative(said, Note("reordered query", f"signed with the query {short(said, 60)}", order))
    yield Alternative(query + "&", Note("question mark", "signed with an & at the end", exactly))
    yield from _spellings(query, "query")


def rewritten(address: Address) -> Iterator[Alternative]:
    """The query as programs write it that take a URL apart and put it together again."""
    query = address.query or ""
    parts = query.split("&")
    if len(parts) > _MOST_PARTS or len(query) > _MOST_CHARACTERS:
        return
    fix = (
        f"Sign the query exactly as it is requested ({short(query, 60)}). This signer rewrites it: give it one that is encoded as it "
        "encodes, with flag= for flag."
    )
    for said, how in dict(_rewritten(parts)).items():
        if said != query:
            yield Alternative(said, Note("re-encoded query", f"signed with the query {how}: {short(said, 60)}", fix))


# -- the URL as a whole


def _unsigned(raw: str) -> str:
    """A URL as it was given, without the signing parameters."""
    base, _, query = raw.partition("?")
    own = [part for part in query.partition("#")[0].split("&") if part.partition("=")[0] not in PARAMETERS]
    return f"{base}?{'&'.join(own)}" if own and query else base


def as_written(case: Case, address: Address) -> Iterator[Alternative]:
    """The URL as it was before a client made it fit to be sent."""
    if "#" in case.raw:
        inside = case.raw.partition("#")[2].partition("?")[0]
        fix = f"Sign the URL without {short('#' + inside, 40)}: what is behind # is never sent."
        yield Alternative(f"{address}#{inside}", Note("fragment", "signed with a fragment", fix))
    before = _unsigned(case.raw)
    if before != str(address) and sendable(before) == str(address):
        fix = f"Encode the URL first and sign it then, as it will be sent: {short(str(address), 80)}."
        yield Alternative(before, Note("URL signed before it was encoded", f"signed as written: {short(before, 80)}", fix))


def oddities(case: Case, address: Address) -> Iterator[Alternative]:
    """What is no URL as the edge rebuilds it: a part of it, with more in it, with white space around it."""
    whole = f"Sign the whole URL, {short(str(address), 80)}, with its scheme and host."
    tail = address.path if address.query is None else f"{address.path}?{address.query}"
    for value, how in (
        (tail, "the path alone"),
        (tail[1:], "the path alone, without its /"),
        (address.path, "the path alone"),
        (address.path[1:], "the path alone, without its /"),
        (unquote(address.path[1:]), "the object's key"),
        (f"{address.domain}{tail}", "host and path without the scheme"),
        (f"//{address.domain}{tail}", "host and path without the scheme"),
        (address.domain, "the host alone"),
        (f"{address.scheme}://{address.domain}", "scheme and host alone"),
    ):
        name = "part of the URL" if address.domain in value else "path-only resource"
        yield Alternative(value, Note(name, f"signed for {how}: {short(value, 60)}", whole))
    fix = "Trim the URL before it is signed."
    for value in (f"{address}\n", f"{address} ", f"{address}\r\n", f" {address}"):
        yield Alternative(value, Note("white space in the signed URL", f"signed for {short(value, 80)}", fix))
    if case.url != str(address):
        fix = "Sign the URL before the signing parameters are added to it, and give no parameter of your own one of their names."
        ends = (case.url.rfind(f"{name}=") for name in ("Signature", "Expires", "Policy"))
        for value in (*(case.url[: end - 1] for end in ends if end > 0), case.raw, *_cut(case.raw)):
            yield Alternative(value, Note("signing parameters signed", f"signed with them in it: {short(value, 80)}", fix))


def _cut(raw: str) -> Iterator[str]:
    for name in ("Expires", "Policy"):
        end = raw.rfind(f"{name}=")
        if end > 0:
            yield raw[: end - 1]


def patterns(address: Address, hosts: tuple[str, ...]) -> Iterator[Alternative]:
    """Patterns by which this URL may have been meant."""
    here = f"{address.scheme}://{address.domain}"
    other = "http" if address.scheme == "https" else "https"
    bases = [here, *(f"{address.scheme}://{host}" for host in hosts[:_MOST_PARTS] if host != address.domain)]
    bases += [f"http*://{address.domain}", f"*://{address.domain}", f"{other}://{address.domain}"]
    path = address.path[:_MOST_CHARACTERS]
    folders = [path[: found.end()] for found in re.finditer("/", path)][-8:]
    folder, name = folders[-1] if folders else "/", path.rpartition("/")[2]
    stem, dot, ending = name.rpartition(".")
    tails = [f"{each}*" for each in ("/", *reversed(folders))] + ["*", f"{path}*", f"{path}?*", "/*/*", "/*.*"]
    if dot:
        tails[3:3] = [f"{each}*.{ending}" for each in ("/", *reversed(folders))]
        tails += [f"{folder}{stem}*", f"{folder}{stem}.*", f"{folder}{stem.rstrip('0123456789')}*"]
    made = chain((f"{here}{tail}" for tail in tails), ("*", "/*", f"{folder}*", "http*", "https://*", "http://*"))
    for pattern in dict.fromkeys(chain(made, (f"{base}{tail}" for base in bases[1:] for tail in tails))):
        fix = (
            f"Use a custom policy with Resource {short(pattern, 80)}, and send it as Policy in place of Expires: "
            "in a canned policy a * is only a character."
        )
        yield Alternative(pattern, Note("wildcard in a canned policy", f"signed for {short(pattern, 80)}, as a canned policy", fix))
