"""Sites: which names of hosts belong together.

Browsers think in three sizes. An origin is scheme, host and port. A host is a name. A site is the name that somebody registered
and everything below it: www.example.com and media.example.com are one site, a.cloudfront.net and b.cloudfront.net
are two, because anybody may have a name under cloudfront.net. Such a domain is a public suffix; browsers carry a list of some
ten thousand (publicsuffix.org). cdnlab knows every last label and the commonest others (our choice): see SUFFIXES.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit

from cdnlab.errors import InputError

__all__ = ["SUFFIXES", "canonical", "host_of", "is_address", "is_suffix", "origin_of", "same_site", "site_of", "split"]

_COMMON = """
cloudfront.net s3.amazonaws.com elasticbeanstalk.com amplifyapp.com github.io gitlab.io netlify.app vercel.app pages.dev
herokuapp.com azurewebsites.net web.app ac.uk co.uk gov.uk org.uk com.au edu.au net.au org.au co.nz org.nz com.br org.br com.mx com.ar
com.co com.tr com.cn net.cn org.cn com.hk com.tw com.sg com.my co.id co.in co.jp ac.jp ne.jp or.jp co.kr or.kr co.th com.vn co.il com.ua
com.pl co.za com.ng com.eg co.ke
"""
SUFFIXES = frozenset(_COMMON.split())
"""Domains, besides every last label, under which anybody may have a name."""


def split(url: str) -> SplitResult:
    """A URL of a page, in parts. Raises InputError for anything else."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except (ValueError, TypeError, AttributeError):
        good = False
    if not good:
        raise InputError(f"{url!r} is no address of a page; write it like 'https://www.example.com/film/'")
    return parts


def host_of(url: str) -> str:
    """The host as cookies compare it: small letters, A-labels."""
    return canonical(split(url).hostname or "")


def canonical(host: str) -> str:
    """A host's name in small letters and A-labels. Raises InputError."""
    try:
        return host.lower() if host.isascii() else host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise InputError(f"{host!r} is no name of a host") from None


def is_address(host: str) -> bool:
    """Whether a host is an IP address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_suffix(domain: str) -> bool:
    """Whether anybody may have a name under this domain."""
    return "." not in domain or domain in SUFFIXES


def site_of(url: str) -> str:
    """The site that a URL belongs to: the public suffix of its host and one label more.

    Raises InputError. Source: HTML standard, "registrable domain"; COOK-03.

    >>> site_of("https://media.example.com/film/"), site_of("https://d111.cloudfront.net/")
    ('example.com', 'd111.cloudfront.net')
    """
    host = host_of(url)
    labels = host.split(".")
    if is_address(host):
        return host
    for count in range(len(labels), 0, -1):
        if is_suffix(".".join(labels[-count:])):
            return ".".join(labels[-count - 1 :])
    return host


def same_site(one: str, other: str) -> bool:
    """Whether two URLs belong to one site: same scheme, same registrable domain. Raises InputError.

    >>> same_site("https://www.example.com/", "https://media.example.com/"), same_site("https://a.cloudfront.net/", "https://b.cloudfront.net/")
    (True, False)
    """
    return split(one).scheme == split(other).scheme and site_of(one) == site_of(other)


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL, as a browser writes them. Raises InputError.

    >>> origin_of("https://www.Example.com:443/film/")
    'https://www.example.com'
    """
    parts = split(url)
    port = f":{parts.port}" if parts.port and parts.port != {"http": 80, "https": 443}[parts.scheme] else ""
    return f"{parts.scheme}://{host_of(url)}{port}"
