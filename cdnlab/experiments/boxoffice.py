"""The exercises of lesson 09: what they reckon with, and a login that needs repair.

All of it is asked of the cinema (`cinema.py`): real requests, through a distribution that wants signatures.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cdnlab.cookies import Cookie, CookieJar, judge, readable, refused
from cdnlab.errors import InputError
from cdnlab.experiments import plug
from cdnlab.experiments.cinema import (
    FILES,
    FILM,
    LOGIN,
    MEDIA,
    PLAYLIST,
    SITE,
    Cinema,
    Try,
    browser,
    cinema,
    code_of,
    grant,
    play,
    set_cookies,
    shows,
)
from cdnlab.experiments.film import CANNED_URL, CUSTOM_COOKIE, CUSTOM_URL, played
from cdnlab.journey import Journey
from cdnlab.panels import Press
from cdnlab.tokens import cookie_header

__all__ = [
    "FAR",
    "answer_for",
    "broken_login",
    "half_mended",
    "handed_on",
    "joined_site",
    "lone_expires",
    "mended_login",
    "query_kept",
    "recalled",
    "same_cookie",
    "split_site",
    "split_trouble",
    "tokens",
    "too_wide",
    "trouble",
]


def recalled() -> int:
    """Lesson 07: how many of a live playlist's five segments are Hits for the viewer who asks one segment later."""
    last = plug.model([Press("Wait, then ask", {"state": "healthy", "wait": 6})], kind="live channel").last
    return sum(journey.result == "Hit" for _, journey in last.segments)


def query_kept() -> list[int]:
    """How many doors open when a player puts the playlist's query behind every address: a custom URL's for the folder, a canned one's."""
    counts = []
    for permission in (CUSTOM_URL, CANNED_URL):
        here = cinema()
        query = grant(here, permission).url.partition("?")[2]
        counts.append(sum(here.cdn.get(f"{FILM}{file}?{query}").response.status == 200 for file in FILES))
    return counts


def lone_expires() -> int:
    """The status of a segment whose address has a lone Expires, for a browser with cookies that are good for it."""
    tries = played(CUSTOM_COOKIE, extra=True).tries
    return tries[-1].journey.response.status


def same_cookie() -> list[int]:
    """The statuses of four addresses for a browser whose cookies are good for /film/*."""
    here = cinema()
    jar = browser(here.signer.cookies(f"{FILM}*", here.ends))
    urls = (f"{FILM}seg3.ts", f"{FILM}seg3.ts?quality=hd", f"{FILM}seg3.ts?Expires=never", f"{SITE}/film2/seg3.ts")
    return [here.cdn.get(url, headers={"Cookie": jar.header(url)}).response.status for url in urls]


def handed_on() -> list[int]:
    """What a friend gets who is mailed the address of a segment seen with cookies, and then a signed URL."""
    here = cinema()
    return [here.cdn.get(url).response.status for url in (f"{FILM}seg0.ts", here.signer.url(PLAYLIST, here.ends))]


# ---- the incident


def broken_login() -> dict[str, str]:
    """A login whose viewers see a playlist and no film."""
    return {"resource": PLAYLIST, "attributes": "Path=/film/index.m3u8; Secure; HttpOnly"}


def mended_login() -> dict[str, str]:
    """One good repair."""
    return {"resource": f"{FILM}*", "attributes": "Path=/film/; Secure; HttpOnly"}


def trouble(login: Mapping[str, Any]) -> str:
    """What goes wrong for a viewer of this login; "" when the film plays and nothing else opens. Raises InputError."""
    if (
        not isinstance(login, Mapping)
        or set(login) != {"resource", "attributes"}
        or not all(isinstance(each, str) for each in login.values())
    ):
        raise InputError("a login has two texts: {'resource': what its policy is for, 'attributes': what follows in each Set-Cookie}")
    here, jar = cinema(), CookieJar()
    cookies, now = here.signer.cookies(login["resource"], here.ends), here.cdn.clock.now()
    for line in set_cookies(cookies, login["attributes"]):
        kept = jar.receive(line, LOGIN, at=now)
        if (wrong := refused(kept.checks)) is not None:
            return f"The browser throws the cookies away: {wrong.says}."
    if shut := next((each for each in play(here, PLAYLIST, jar) if not each.opened), None):
        shown, edge = _shown(shut, kept.cookie, now), shut.journey.steps[-1].says
        return f"{shut.name} answers 403 {shut.code}. The browser showed {shown}. The edge says: {edge}."
    if jar.header(FILM.replace("https", "http")):
        return (
            "The film plays. But the cookies are shown over plain HTTP as well, where anybody on the way can copy them: Secure is missing."
        )
    for url in OTHERS:
        # with a tool of his own a viewer shows his cookies wherever he likes: it is the policy that must be narrow, not the Path
        if here.cdn.get(url, headers={"Cookie": cookie_header(cookies)}).response.status == 200:
            return f"The film plays. But {url.removeprefix(SITE)} opens, too, and nobody paid for that: the policy is for too much."
    return ""


OTHERS = (f"{SITE}/film2/index.m3u8", f"{SITE}/members/january.html")
"""What the viewer of the film has not paid for."""


def _shown(door: Try, cookie: Cookie | None, login: float) -> str:
    """What the request showed; and of a cookie that was not shown, why (the login's cookies all have the same attributes)."""
    if (what := shows(door.journey)) != "nothing":
        return what
    address = f"{FILM}{door.file}"
    wrong = refused(judge(cookie, address, at=login + door.at)) if cookie is not None else None
    return f"no cookie at all{f': {wrong.says}' if wrong else ''}"


def half_mended() -> dict[str, str]:
    """The policy is right now, the Path is not."""
    return broken_login() | {"resource": f"{FILM}*"}


def too_wide() -> dict[str, str]:
    """The film plays, and so does everything else."""
    return mended_login() | {"resource": f"{SITE}/*"}


# ---- for those who go further


def tokens(here: Cinema) -> list[str]:
    """The seven addresses of a playlist that a server has signed line by line, for one viewer whose player keeps no cookies."""
    return [here.signer.url(f"{FILM}{file}", here.ends) for file in FILES]


def answer_for(allow_origin: str, allow_credentials: bool, cookies: bool = True) -> Journey:
    """A segment at media.example.com, asked for by a script of www.example.com, with cookies or without.

    The behaviour's response headers policy has this for Access-Control-Allow-Origin (`*`: any) and -Credentials.
    """
    here = cinema(
        {
            "AccessControlAllowOrigins": {"Quantity": 1, "Items": [allow_origin]},
            "AccessControlAllowHeaders": {"Quantity": 1, "Items": ["Range"]},
            "AccessControlAllowMethods": {"Quantity": 1, "Items": ["GET"]},
            "AccessControlAllowCredentials": allow_credentials,
            "OriginOverride": True,
        }
    )
    shown = {"Cookie": cookie_header(here.signer.cookies(f"https://{MEDIA}/film/*", here.ends))} if cookies else {}
    return here.cdn.get(FAR, headers={"Origin": SITE, **shown})


FAR = f"https://{MEDIA}/film/seg0.ts"
"""A segment on another host of the site."""


def split_site() -> dict[str, Any]:
    """A login and a player's page on one host, the film on another: four settings, none of them right."""
    return {"attributes": "Path=/; Secure; HttpOnly", "withCredentials": False, "allow_origin": "*", "allow_credentials": False}


def joined_site() -> dict[str, Any]:
    """One good repair."""
    attributes = "Path=/; Domain=example.com; Secure; HttpOnly"
    return {"attributes": attributes, "withCredentials": True, "allow_origin": SITE, "allow_credentials": True}


def split_trouble(site: Mapping[str, Any]) -> str:
    """What keeps the player from its film on the other host; "" when nothing does. Raises InputError, and what AWS would refuse."""
    given = split_site()
    if (
        not isinstance(site, Mapping)
        or set(site) != set(given)
        or any(type(site[name]) is not type(value) for name, value in given.items())
    ):
        raise InputError(f"the settings are {', '.join(given)}: two texts and two of True or False; begin again from what was given")
    login, page = CookieJar(), f"{SITE}/watch"
    kept = login.receive(f"CloudFront-Policy=any; {site['attributes']}", LOGIN)
    if kept.cookie is None:
        wrong = refused(kept.checks)
        return f"The browser throws the cookies away: {wrong.says if wrong else ''}."
    wrong = refused(judge(kept.cookie, FAR, page=page))
    goes = bool(site["withCredentials"]) and wrong is None
    journey = answer_for(site["allow_origin"], site["allow_credentials"], goes)
    if wrong is not None:
        return f"The segment answers {journey.response.status} {code_of(journey)}. The browser does not show the cookies: {wrong.says}."
    if not goes:
        return f"The segment answers {journey.response.status} {code_of(journey)}. The cookies would fit, but the script asks without them."
    check = readable(journey.response.headers, FAR, page=page)
    if not check.ok:
        return f"The edge answers {journey.response.status}, and the browser keeps the answer to itself: {check.says}."
    return ""
