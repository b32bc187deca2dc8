"""Lesson 08's incidents: a newsletter whose links nobody can open, and a link that lost a parameter on its way.

The newsletter's settings are a dict, as a mailing tool has them: what is signed, with which id, and what the tool does to the link before
and after it is signed. The check signs with them, and readers open the link in the darkroom.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from cdnlab.errors import InputError
from cdnlab.experiments.darkroom import HOUR, PHOTO, code_of, world
from cdnlab.keys import KeyPair
from cdnlab.signing import Signer

__all__ = ["link", "lost", "lost_trouble", "mended", "newsletter", "repaired", "trouble"]

_TAG = "utm_source=mail"


def newsletter() -> dict[str, Any]:
    """The settings as they were found.

    >>> newsletter()["add after signing"]
    'utm_source=mail'
    """
    return {"url": PHOTO, "Key-Pair-Id": world().group, "hours": 24, "add before signing": "", "add after signing": _TAG}


def repaired() -> dict[str, Any]:
    """A good repair."""
    return {**newsletter(), "Key-Pair-Id": world().key, "add before signing": _TAG, "add after signing": ""}


def without_tag() -> dict[str, Any]:
    """A repair that opens the link and loses the tag."""
    return {**repaired(), "add before signing": ""}


def key_only() -> dict[str, Any]:
    """A repair of the id alone."""
    return {**newsletter(), "Key-Pair-Id": world().key}


def tag_only() -> dict[str, Any]:
    """A repair of the tag alone."""
    return {**repaired(), "Key-Pair-Id": world().group}


def for_ever() -> dict[str, Any]:
    """A repair that lets the link live for ten years."""
    return {**repaired(), "hours": 87_600}


def link(settings: Mapping[str, Any]) -> str:
    """The link that the mailing tool sends, with these settings. Raises InputError for settings that it cannot use."""
    gone = [name for name in newsletter() if not isinstance(settings, Mapping) or name not in settings]
    if gone:
        raise InputError(f"the mailing tool's settings are a dict; {', '.join(gone)} must be in it")
    if not isinstance(settings["hours"], int | float) or not math.isfinite(settings["hours"]):
        raise InputError(f"hours is {settings['hours']!r}; write a number, such as 24")
    signer = Signer(settings["Key-Pair-Id"], KeyPair.test("rsa"))
    ends = int(world().cdn.clock.now()) + int(settings["hours"] * HOUR)
    signed = signer.url(_added(settings["url"], settings["add before signing"]), expires=ends)
    return _added(signed, settings["add after signing"])


def _added(url: str, parameter: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{parameter}" if parameter else url


def trouble(settings: Mapping[str, Any]) -> str:
    """What readers and the photographer still complain of; "" when all is well."""
    sent, here = link(settings), world()
    here.cdn.clock.advance(HOUR)
    journey = here.cdn.get(sent)
    if journey.response.status != 200:
        return f"An hour later a reader opens the link and gets {journey.response.status} `{code_of(journey)}`: {journey.steps[-1].says}."
    if _TAG not in sent.partition("?")[2].split("&"):
        return f"Readers see the photo. But `{_TAG}` is gone from the link, and nobody knows any more which readers came by mail."
    if b"size=small" not in journey.response.body:
        return "Readers see a photo, but not the small one that they were promised."
    here.cdn.clock.advance(23 * HOUR + 1)
    if (status := here.cdn.get(sent).response.status) == 200:
        return f"A second more than a day later the link still answers {status}. It was meant for 24 hours."
    return ""


# ---- the lost parameter


def lost() -> str:
    """A link signed with SHA-256, as it arrived: without its last parameter."""
    return mended().removesuffix("&Hash-Algorithm=SHA256")


def mended() -> str:
    """The same link, whole."""
    here = world()
    return Signer(here.key, KeyPair.test("rsa"), "SHA256").url(PHOTO, expires=int(here.cdn.clock.now()) + HOUR)


def signed_anew() -> str:
    """The same photo, signed by somebody who has the private half."""
    return world().link()


def lost_trouble(given: str) -> str:
    """Why this link does not do; "" when it opens the photo."""
    if not isinstance(given, str):
        return f"The link is text; this is {type(given).__name__}."
    here = world()
    journey = here.cdn.get(given)
    if journey.response.status != 200:
        return f"It gets {journey.response.status} `{code_of(journey)}`: {journey.steps[-1].says}."
    if _signature(given) != _signature(lost()):
        return "It opens, but this is another signature. The customer has no private key: keep the one that is there."
    return ""


def _signature(url: str) -> str:
    return url.partition("Signature=")[2].partition("&")[0]
