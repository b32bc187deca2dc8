"""Chromium as the oracle of cdnlab.cookies: the same Set-Cookie, the same request, the same answer to "is it sent?".

A small server on this machine answers for every host, in clear and with a test certificate; Chromium is told that all names lead
there. A page sets a cookie, then the browser opens an address, or a page asks for it by script; the server notes what came.
"""

from __future__ import annotations

import datetime
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from lab import FLAGS
from playwright.sync_api import BrowserContext, Page, sync_playwright

from cdnlab.cookies import judge, keep, refused

LOGIN = "https://www.example.com/account/login"

# Set-Cookie, who sets it, the address, the page that asks (None: a person opens the address)
CASES = [
    ("a=1; Path=/", LOGIN, "https://www.example.com/x", None),
    ("a=1; Path=/", LOGIN, "https://media.example.com/x", None),
    ("a=1; Path=/; Domain=example.com", LOGIN, "https://media.example.com/x", None),
    ("a=1; Path=/; Domain=.example.com", LOGIN, "https://example.com/x", None),
    ("a=1; Path=/; Domain=example.com", LOGIN, "https://notexample.com/x", None),
    ("a=1; Path=/; Domain=media.example.com", LOGIN, "https://media.example.com/x", None),
    ("a=1; Path=/; Domain=com", LOGIN, "https://www.example.com/x", None),
    ("a=1; Path=/; Domain=cloudfront.net", "https://d111.cloudfront.net/", "https://d111.cloudfront.net/x", None),
    ("a=1; Path=/; Domain=cloudfront.net", "https://d111.cloudfront.net/", "https://d222.cloudfront.net/x", None),
    ("a=1; Path=/", "https://d111.cloudfront.net/", "https://d111.cloudfront.net/x", None),
    ("a=1", LOGIN, "https://www.example.com/account/x", None),
    ("a=1", LOGIN, "https://www.example.com/x", None),
    ("a=1; Path=/film", LOGIN, "https://www.example.com/film/x", None),
    ("a=1; Path=/film", LOGIN, "https://www.example.com/films/x", None),
    ("a=1; Path=/film/", LOGIN, "https://www.example.com/film", None),
    ("a=1; Path=film", LOGIN, "https://www.example.com/film", None),
    ("a=1; Path=/; Secure", LOGIN, "http://www.example.com/x", None),
    ("a=1; Path=/; Secure", "http://www.example.com/", "https://www.example.com/x", None),
    ("a=1; Path=/", LOGIN, "http://www.example.com/x", None),
    ("a=1; Path=/; HttpOnly", LOGIN, "https://www.example.com/x", None),
    ("a=1; Path=/; Max-Age=0", LOGIN, "https://www.example.com/x", None),
    ("a=1; Path=/; Expires=Wed, 09-Jun-21 10:18:14 GMT", LOGIN, "https://www.example.com/x", None),
    ("__Host-a=1; Path=/; Secure", LOGIN, "https://www.example.com/x", None),
    ("__Host-a=1; Path=/; Secure; Domain=www.example.com", LOGIN, "https://www.example.com/x", None),
    ("__Secure-a=1; Path=/", LOGIN, "https://www.example.com/x", None),
    ("a=1; Path=/; SameSite=None", LOGIN, "https://www.example.com/x", None),
    ("a=1; Path=/; Domain=example.com", LOGIN, "https://media.example.com/x", "https://www.example.com/watch"),
    ("a=1; Path=/; Domain=example.com; SameSite=Strict", LOGIN, "https://media.example.com/x", "https://www.example.com/watch"),
    ("a=1; Path=/; Domain=example.com; Secure", LOGIN, "https://media.example.com/x", "https://partner.example.net/watch"),
    ("a=1; Path=/; Domain=example.com; Secure; SameSite=Lax", LOGIN, "https://media.example.com/x", "https://partner.example.net/watch"),
    ("a=1; Path=/; Domain=example.com; Secure; SameSite=None", LOGIN, "https://media.example.com/x", "https://partner.example.net/watch"),
    ("a=1; Path=/; Secure", "https://d111.cloudfront.net/", "https://d111.cloudfront.net/x", "https://d222.cloudfront.net/watch"),
    (
        "a=1; Path=/; Secure; SameSite=None",
        "https://d111.cloudfront.net/",
        "https://d111.cloudfront.net/x",
        "https://d222.cloudfront.net/watch",
    ),
]


class Everywhere(BaseHTTPRequestHandler):
    """Every host: sets the cookie that it was told to set, once; notes the cookies that come."""

    set_cookie: str | None = None
    came: dict[str, str]

    def do_GET(self) -> None:
        host = self.headers["Host"].partition(":")[0]
        self.came[f"{host}{self.path}"] = self.headers.get("Cookie", "")
        self.send_response(200)
        if type(self).set_cookie is not None:
            self.send_header("Set-Cookie", type(self).set_cookie or "")
            type(self).set_cookie = None
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        """Nothing."""


def certificate(folder: Path) -> Path:
    """A certificate for nobody in particular, with its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cdnlab test")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
    pem = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "both.pem").write_bytes(pem + private)
    return folder / "both.pem"


@contextmanager
def listening(context: ssl.SSLContext | None, came: dict[str, str]) -> Iterator[tuple[int, type[Everywhere]]]:
    handler = type("Handler", (Everywhere,), {"came": came})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_address[1], handler
        finally:
            server.shutdown()


@pytest.fixture(scope="module")
def world(needs: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Chromium whose every name leads here, the two handlers by scheme, and what came.

    It has a profile of its own, in which the cookies of other sites are not blocked altogether: that is a switch, not a rule.
    """
    secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secure.load_cert_chain(certificate(tmp_path_factory.mktemp("tls")))
    came: dict[str, str] = {}
    with listening(secure, came) as (tls, https), listening(None, came) as (plain, http), sync_playwright() as playwright:
        rules = f"MAP *:443 127.0.0.1:{tls},MAP *:80 127.0.0.1:{plain}"
        flags = [*FLAGS, f"--host-resolver-rules={rules}", "--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable"]
        profile = tmp_path_factory.mktemp("profile")
        (profile / "Default").mkdir()
        allowed = {"profile": {"cookie_controls_mode": 0, "block_third_party_cookies": False}}
        (profile / "Default" / "Preferences").write_text(json.dumps(allowed), encoding="utf-8")
        context_of = playwright.chromium.launch_persistent_context
        browser = context_of(profile, executable_path=needs("chromium"), args=flags, ignore_https_errors=True)
        yield browser, {"https": https, "http": http}, came
        browser.close()


@pytest.mark.parametrize(("line", "by", "url", "page"), CASES, ids=range(len(CASES)))
def test_chromium_sends_a_cookie_exactly_when_cdnlab_says_so(world: Any, line: str, by: str, url: str, page: str | None) -> None:
    browser, handlers, came = world
    now = datetime.datetime.now(datetime.UTC).timestamp()
    cookie = keep(line, by, at=now).cookie
    ours = cookie is not None and refused(judge(cookie, url, page=page, at=now)) is None
    assert ours is chromium_sends(browser, handlers, came, line, by, url, page)


def chromium_sends(browser: BrowserContext, handlers: Any, came: dict[str, str], line: str, by: str, url: str, page: str | None) -> bool:
    browser.clear_cookies()
    tab: Page = browser.new_page()
    handlers[by.partition(":")[0]].set_cookie = line
    tab.goto(by)
    came.clear()
    if page is None:
        tab.goto("about:blank")
        tab.goto(url)
    else:
        tab.goto(page)
        tab.evaluate("url => fetch(url, {credentials: 'include', mode: 'no-cors'}).then(() => 1)", url)
    tab.close()
    return bool(came[url.partition("://")[2]])
