"""A live channel: HLS that publishes itself as the clock runs.

Live video over HTTP is two kinds of files. A segment holds some seconds of pictures; once published it never changes.
The playlist names the newest few segments; each time one is published, the oldest leaves it. A player asks for the
playlist over and over and fetches each segment once. So of all that a channel sends, nearly every byte can be cached
for ever, and one small text must never be old. (RFC 8216; the guide's page live-streaming.)

    segment  0    1    2    3    4    5    6          published when its last picture has been taken
    playlist           [ 1    2    3    4    5 ]      a window over the newest; segment 0 stays a while for those who are late

The channel stands where AWS Elemental MediaPackage would: its host and path have that shape, and it is a custom origin.
Its pictures are real MPEG-TS, half a minute of a test pattern that repeats (data/media): a player accepts them.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from functools import cache
from typing import Any

from cdnlab import ranges
from cdnlab.clock import Clock, iso, seconds_since_epoch
from cdnlab.directives import http_date
from cdnlab.distance import place_in
from cdnlab.errors import InputError
from cdnlab.facts import data_path
from cdnlab.faults import Breakable
from cdnlab.messages import Headers, Request, Response
from cdnlab.wishes import Reply

__all__ = ["LOOP_SECONDS", "MediaChannel"]

LOOP_SECONDS = 30
"""How long the test pattern is that every channel shows again and again."""

FEWEST = 3  # RFC 8216 section 6.2.2: a live playlist is never shorter than three target durations
_NAME = re.compile(r"[A-Za-z0-9_-]{1,256}\Z")
_SEGMENT = re.compile(r"index_1_(0|[1-9][0-9]{0,17})\.ts\Z")


class MediaChannel(Breakable):
    """A live HLS channel. `url` is its playlist's; `receive` answers for the playlist and the segments.

    `name`: letters, digits, `-` and `_`; host and path are made of it, the same every time. `segment_seconds`: length of a
    segment, a whole number from 1 to 30; `window`: segments in the playlist, 3 or more; `region`: AWS Region.
    `clock`: what time it is (connecting the channel to a CloudFront gives it that one's); `started`: when segment 0 began,
    epoch seconds or ISO text, by default so long before the clock's now that the window is full. `fault`: None, or what is wrong with it
    (as for WebServer). Raises InputError, ClockError, and UnknownName for the Region. Source: RFC 8216.

    >>> news = MediaChannel("news", segment_seconds=10, window=3, started="2026-01-01T00:00:00Z")
    >>> news.host
    'c543a6335da5ad49.mediapackage.eu-west-1.amazonaws.com'
    >>> print(news.playlist(news.started + 50))
    #EXTM3U
    #EXT-X-VERSION:3
    #EXT-X-TARGETDURATION:10
    #EXT-X-MEDIA-SEQUENCE:2
    #EXT-X-DISCONTINUITY-SEQUENCE:0
    #EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:20.000Z
    #EXTINF:10.000,
    index_1_2.ts
    #EXT-X-DISCONTINUITY
    #EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:30.000Z
    #EXTINF:10.000,
    index_1_3.ts
    #EXTINF:10.000,
    index_1_4.ts
    <BLANKLINE>
    """

    def __init__(
        self,
        name: str,
        segment_seconds: float = 6,
        window: int = 5,
        region: str = "eu-west-1",
        *,
        clock: Clock | None = None,
        started: str | float | datetime | None = None,
    ) -> None:
        if not isinstance(name, str) or not _NAME.match(name):
            raise InputError(
                f"MediaChannel {name!r}: a channel's name has 1 to 256 letters, digits, hyphens and underscores, such as 'news'"
            )
        self.name = name
        self.segment_seconds = self._whole("segment_seconds", segment_seconds, 1, LOOP_SECONDS)
        self.window = self._whole("window", window, FEWEST, 1000)
        digest = hashlib.sha256(f"channel {name}".encode()).hexdigest()
        self.place = place_in(region, f"channel {name}", code=name)
        self.host = f"{digest[:16]}.mediapackage.{region}.amazonaws.com"
        self.hosts: tuple[str, ...] = (self.host,)
        self._folder = f"/out/v1/{digest[16:48]}/"
        self._started = None if started is None else seconds_since_epoch(started)
        self._clock: Clock | None = None
        if clock is not None:
            self.clock = clock

    def _whole(self, what: str, value: object, least: int, most: int) -> int:
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1 or not least <= value <= most:
            raise InputError(f"MediaChannel {self.name!r}: {what} is {value!r}; give a whole number from {least} to {most}")
        return int(value)

    # --- when it began, and what is wrong with it

    @property
    def clock(self) -> Clock | None:
        """What time it is for the channel; None until somebody says so."""
        return self._clock

    @clock.setter
    def clock(self, clock: Clock | None) -> None:
        self._clock = clock
        if clock is not None:
            self._begin(clock.now())

    @property
    def started(self) -> float:
        """When segment 0 began (seconds since the epoch). Raises InputError while nobody has said what time it is."""
        if self._started is None:
            raise InputError(f"{self!r} is not on the air yet: connect it to a CloudFront, or give it started='2026-01-01T00:00:00Z'")
        return self._started

    def _begin(self, now: float) -> float:
        if self._started is None:
            self._started = now - self.window * self.segment_seconds
        return self._started

    # --- what there is at a moment

    @property
    def playlist_path(self) -> str:
        """The path of the playlist."""
        return f"{self._folder}index.m3u8"

    @property
    def url(self) -> str:
        """The URL of the playlist at the channel itself."""
        return f"https://{self.host}{self.playlist_path}"

    def segment_path(self, number: int) -> str:
        """The path of a segment, whether or not it is published. Raises InputError for a number below 0.

        >>> MediaChannel("news").segment_path(7).rpartition("/")[2]
        'index_1_7.ts'
        """
        return f"{self._folder}{self._file(number)}"

    def _file(self, number: object) -> str:
        if isinstance(number, bool) or not isinstance(number, int) or number < 0:
            raise InputError(f"{self!r} has no segment {number!r}; they are numbered 0, 1, 2 ...")
        return f"index_1_{number}.ts"

    def newest(self, at: float) -> int:
        """The number of the newest segment at a moment (seconds since the epoch); -1 before the first one is complete."""
        return max(-1, int((at - self.started) // self.segment_seconds) - 1)

    def listed(self, at: float) -> range:
        """The numbers of the segments in the playlist at a moment, oldest first."""
        newest = self.newest(at)
        return range(max(0, newest - self.window + 1), newest + 1)

    def published(self, number: int, at: float) -> bool:
        """Whether a segment can be had at a moment: complete, and not gone.

        Out of the playlist, a segment stays for its own length and the playlist's. Source: RFC 8216 section 6.2.2.
        """
        leaves = self.newest(at) - self.window - number  # how many segments have been published since it left the playlist
        return 0 <= number <= self.newest(at) and leaves <= self.window

    def playlist(self, at: float) -> str:
        """The playlist's text at a moment; of no segments at all before the first one is complete."""
        numbers, loop = self.listed(at), self._loop
        first = numbers.start
        lines = [
            "#EXTM3U",
            "#EXT-X-VERSION:3",
            f"#EXT-X-TARGETDURATION:{self.segment_seconds}",
            f"#EXT-X-MEDIA-SEQUENCE:{first}",
            f"#EXT-X-DISCONTINUITY-SEQUENCE:{max(0, first - 1) // loop}",
        ]
        for number in numbers:
            jumps = number > 0 and number % loop == 0
            if jumps:
                lines.append("#EXT-X-DISCONTINUITY")
            if jumps or number == first:
                lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{_moment(self.started + number * self.segment_seconds)}")
            lines += [f"#EXTINF:{self.segment_seconds}.000,", self._file(number)]
        return "\n".join(lines) + "\n"

    @property
    def _loop(self) -> int:
        """How many segments it takes until the pictures begin again."""
        return LOOP_SECONDS // self.segment_seconds

    def segment(self, number: int) -> bytes:
        """The MPEG-TS of a segment. Raises InputError for a number below 0."""
        self._file(number)
        first = number % self._loop * self.segment_seconds
        return b"".join(_seconds()[first : first + self.segment_seconds])

    # --- answering

    def receive(self, request: Request, at: float, signed_by: Any = None) -> Reply:
        """The channel's answer to a request that reached it at this moment (seconds since the epoch)."""
        self._begin(at)
        date = Headers([("Date", http_date(at)), ("Access-Control-Allow-Origin", "*")])
        if request.method not in ("GET", "HEAD"):
            return _text(405, date.with_("Allow", "GET, HEAD"), request, "HLS-09", f"{request.method} is not allowed")
        if request.path == self.playlist_path:
            return self._playlist_reply(request, at, date)
        folder, slash, file = request.path.rpartition("/")
        match = _SEGMENT.match(file)
        if f"{folder}{slash}" != self._folder or match is None:
            return _text(404, date, request, "HLS-09", "there is no such file on this channel")
        return self._segment_reply(request, int(match[1]), at, date)

    def _playlist_reply(self, request: Request, at: float, headers: Headers) -> Reply:
        numbers = self.listed(at)
        if not numbers:
            return _text(404, headers, request, "HLS-03", "the first segment is not complete yet")
        headers = headers.plus(
            [
                ("Content-Type", "application/vnd.apple.mpegurl"),
                ("Cache-Control", f"max-age={max(1, self.segment_seconds // 2)}"),
                ("Last-Modified", http_date(self._complete(numbers[-1]))),
            ]
        )
        says = f"the playlist names segments {numbers[0]} to {numbers[-1]}"
        return _answer(request, headers, self.playlist(at).encode(), "HLS-01", says)

    def _segment_reply(self, request: Request, number: int, at: float, headers: Headers) -> Reply:
        if number > self.newest(at):
            return _text(404, headers, request, "HLS-03", f"segment {number} is not published yet")
        if not self.published(number, at):
            return _text(404, headers, request, "HLS-04", f"segment {number} is gone")
        headers = headers.plus(
            [
                ("Content-Type", "video/mp2t"),
                ("Cache-Control", "max-age=31536000, immutable"),
                ("Last-Modified", http_date(self._complete(number))),
            ]
        )
        return _answer(request, headers, self.segment(number), "HLS-02", f"segment {number}")

    def _complete(self, number: int) -> float:
        return self.started + (number + 1) * self.segment_seconds

    def __repr__(self) -> str:
        return f"MediaChannel({self.name!r}, {self.segment_seconds} s segments, window of {self.window}, at {self.place.city})"


def _answer(request: Request, headers: Headers, body: bytes, rule: str, says: str) -> Reply:
    """200, or what the request's conditions and its range make of it: 304, 412, 206, 416."""
    headers = headers.plus([("ETag", f'"{hashlib.sha256(body).hexdigest()[:32]}"'), ("Accept-Ranges", "bytes")])
    judged = ranges.judge(request, headers)
    if judged == 304:
        return Reply(Response(304, headers.without("Content-Type", "Accept-Ranges")), 0.0, rule, f"answers 304: {says}, unchanged")
    if judged == 412:
        return _text(412, headers, request, rule, f"{says}: the request's condition does not hold")
    asked, status, part = ranges.select(request, headers, len(body)), 200, body
    if isinstance(asked, ranges.Unsatisfiable):
        headers = headers.plus([("Content-Range", f"bytes */{len(body)}")])
        return _text(416, headers, request, rule, f"{says} has only {len(body):,} bytes")
    if isinstance(asked, ranges.Some) and len(asked.spans) == 1:  # several parts: the whole instead (RFC 9110 section 14.2 lets it)
        first, last = asked.spans[0]
        headers = headers.plus([("Content-Range", f"bytes {first}-{last}/{len(body)}")])
        status, part = 206, body[first : last + 1]
    headers = headers.plus([("Content-Length", str(len(part)))])
    return Reply(Response(status, headers, b"" if request.method == "HEAD" else part), 0.0, rule, f"answers {status}: {says}")


def _text(status: int, headers: Headers, request: Request, rule: str, says: str) -> Reply:
    body = f"{says}\n".encode()
    headers = headers.without("Cache-Control", "ETag", "Last-Modified", "Accept-Ranges")
    headers = headers.with_("Content-Type", "text/plain; charset=utf-8").with_("Content-Length", str(len(body)))
    return Reply(Response(status, headers, b"" if request.method == "HEAD" else body), 0.0, rule, f"answers {status}: {says}")


def _moment(seconds: float) -> str:
    """A moment as EXT-X-PROGRAM-DATE-TIME writes it, to the millisecond."""
    thousandths = round(seconds * 1000)
    return f"{iso(thousandths // 1000)[:-1]}.{thousandths % 1000:03}Z"


@cache
def _seconds() -> tuple[bytes, ...]:
    """The test pattern, one second after the other, each beginning with a key frame."""
    return tuple(data_path("media", f"{second:02}.ts").read_bytes() for second in range(LOOP_SECONDS))
