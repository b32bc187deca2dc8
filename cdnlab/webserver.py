"""A web server somewhere in the world, written as one Python function.

To CloudFront this is a custom origin: any host that speaks HTTP. Here the host is a name, the place is an AWS Region or
a city, and the program is `handler`, a function from the Request as the server received it to a Response. What every
web server does by itself is done here: it dates its answers and counts their bytes. A handler that raises is a server
that answers 500.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cdnlab.errors import InputError
from cdnlab.faults import Breakable
from cdnlab.freshness import http_date
from cdnlab.geography import Viewer, region
from cdnlab.messages import Request, Response, split_url
from cdnlab.steps import Place
from cdnlab.wishes import Reply

__all__ = ["WebServer"]


class WebServer(Breakable):
    """A custom origin: `host` name, `handler` (Request -> Response), where it stands, and how long it thinks.

    `region`: AWS Region, or `city`: any city of the map; `seconds`: time the program takes for an answer.
    `fault`: None, or what is wrong with it (see faults.FAULTS), or a status that it gives to everything.
    Raises InputError for a handler that cannot be called, UnknownName for a place that is not on the map.

    >>> server = WebServer("www.example.com", lambda request: Response(200, body=b"hello"), region="eu-west-1")
    >>> server.receive(Request("GET", "http://www.example.com/"), 0.0).outcome.body
    b'hello'
    """

    def __init__(
        self, host: str, handler: Callable[[Request], Response], *, region: str = "us-east-1", city: str | None = None, seconds: float = 0.0
    ) -> None:
        if not callable(handler):
            raise InputError(f"WebServer {host!r}: handler is {handler!r}; give a function from a Request to a Response")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < 1e6:
            raise InputError(f"WebServer {host!r}: seconds is {seconds!r}; give the thinking time as a number of seconds, 0 or more")
        self.host = split_url(f"http://{host}/").host
        self.hosts: tuple[str, ...] = (self.host,)
        self.handler, self.seconds = handler, float(seconds)
        self.place = self._stand(self.host, region, city)

    @staticmethod
    def _stand(host: str, region_name: str, city: str | None) -> Place:
        spot = region(region_name) if city is None else Viewer(city=city).place
        return Place(f"origin {host}", kind="origin", code=host, city=spot.city, lat=spot.lat, lon=spot.lon, region=spot.region)

    def receive(self, request: Request, at: float, signed_by: Any = None) -> Reply:
        """The server's answer to a request that reached it at this moment (seconds since the epoch)."""
        try:
            response = self.handler(request)
        except Exception as error:
            says = _said(error)
            text = f"{says}\n".encode()
            head = {"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(text)), "Date": http_date(at)}
            return Reply(Response(500, head, text), self.seconds, "ORIGIN-07", f"the handler raised {says}; answers 500")
        if not isinstance(response, Response):
            raise InputError(
                f"the handler of WebServer {self.host!r} returned {type(response).__name__}; return a Response(200, body=b'hello')"
            )
        headers = response.headers
        if "Date" not in headers:
            headers = headers.with_("Date", http_date(at))
        if (
            "Content-Length" not in headers
            and "Transfer-Encoding" not in headers
            and not response.content.open
            and response.status not in (204, 304)
        ):
            headers = headers.with_("Content-Length", str(len(response.content)))
        reply = Response(response.status, headers, response.content)
        return Reply(reply, self.seconds, "ORIGIN-01", f"answers {response.status}, {len(response.content):,} bytes")

    def __repr__(self) -> str:
        return f"WebServer({self.host!r}, at {self.place.city})"


def _said(error: Exception) -> str:
    """What a handler's exception says, whatever it is made of."""
    try:
        says = str(error).encode("utf-8", "backslashreplace").decode()
    except Exception:
        says = "(no text)"
    return f"{type(error).__name__}: {says}"
