"""A live channel: what its playlist says as the clock runs, what stays and what goes, and that real players accept it."""

import json
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st
from labs import behaviour, config, custom_origin, legacy

from cdnlab import CloudFront, MediaChannel, Request, SimulatedClock
from cdnlab.errors import ClockError, InputError, UnknownName
from cdnlab.mediachannel import LOOP_SECONDS

NOON = "2026-01-01T12:00:00Z"


@pytest.fixture
def news():
    return MediaChannel("news", started=NOON)


def ask(channel, path, after=60, method="GET", **headers):
    """The channel's answer, some seconds after it began; header names with _ for -."""
    path = channel.playlist_path if path == "playlist" else channel.segment_path(path) if isinstance(path, int) else path
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return channel.receive(Request(method, f"https://{channel.host}{path}", fields), channel.started + after).outcome


def tags(text):
    """A playlist, read: its header tags, and for each segment (number, the tags before it)."""
    header, segments, before = {}, [], []
    for line in text.splitlines():
        if line.startswith("#EXT-X-DISCONTINUITY-SEQUENCE") or line.startswith(
            ("#EXT-X-VERSION", "#EXT-X-TARGET", "#EXT-X-MEDIA-SEQUENCE")
        ):
            name, _, value = line.partition(":")
            header[name.removeprefix("#EXT-X-")] = int(value)
        elif line.startswith("#"):
            before.append(line)
        else:
            segments.append((int(line.removeprefix("index_1_").removesuffix(".ts")), before))
            before = []
    return header, segments


# --- the playlist


@pytest.mark.rule("HLS-01")
@pytest.mark.parametrize(
    ("after", "listed"),
    [(6, [0]), (11.999, [0]), (12, [0, 1]), (30, [0, 1, 2, 3, 4]), (35.9, [0, 1, 2, 3, 4]), (36, [1, 2, 3, 4, 5]), (60, [5, 6, 7, 8, 9])],
)
def test_the_playlist_slides_with_the_clock(news, after, listed):
    answer = ask(news, "playlist", after)
    header, segments = tags(answer.body.decode())
    assert answer.status == 200
    assert [number for number, _ in segments] == listed == list(news.listed(news.started + after))
    assert header["MEDIA-SEQUENCE"] == listed[0]
    assert news.newest(news.started + after) == listed[-1]


@pytest.mark.rule("HLS-01", "HLS-05")
def test_a_playlist_says_all_that_a_player_needs(news):
    answer = ask(news, "playlist", 36)
    assert answer.body.decode().splitlines()[:8] == [
        "#EXTM3U",
        "#EXT-X-VERSION:3",
        "#EXT-X-TARGETDURATION:6",
        "#EXT-X-MEDIA-SEQUENCE:1",
        "#EXT-X-DISCONTINUITY-SEQUENCE:0",
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T12:00:06.000Z",
        "#EXTINF:6.000,",
        "index_1_1.ts",
    ]
    assert "ENDLIST" not in answer.body.decode()
    assert answer.headers["Content-Type"] == "application/vnd.apple.mpegurl"
    assert answer.headers["Cache-Control"] == "max-age=3"
    assert answer.headers["Last-Modified"] == "Thu, 01 Jan 2026 12:00:36 GMT"
    assert answer.headers["Content-Length"] == str(len(answer.body))


@pytest.mark.rule("HLS-06")
@given(length=st.integers(1, LOOP_SECONDS), window=st.integers(3, 12), after=st.integers(0, 500))
def test_every_playlist_agrees_on_where_the_pictures_jump(length, window, after):
    channel = MediaChannel("news", length, window, started=NOON)
    header, segments = tags(channel.playlist(channel.started + after))
    sequence = header["DISCONTINUITY-SEQUENCE"]
    loop = LOOP_SECONDS // length
    for number, before in segments:
        sequence += "#EXT-X-DISCONTINUITY" in before
        assert sequence == number // loop  # a segment's discontinuity sequence number never changes
    assert all("#EXT-X-PROGRAM-DATE-TIME" in " ".join(before) for _, before in segments if "#EXT-X-DISCONTINUITY" in before)


@pytest.mark.rule("HLS-01")
@given(length=st.integers(1, LOOP_SECONDS), window=st.integers(3, 12), after=st.floats(0, 1e6))
def test_every_segment_in_a_playlist_can_be_had(length, window, after):
    channel = MediaChannel("news", length, window, started=NOON)
    at = channel.started + after
    listed = channel.listed(at)
    assert len(listed) == min(window, max(0, channel.newest(at) + 1))
    assert all(channel.published(number, at) for number in listed)
    assert not channel.published(channel.newest(at) + 1, at)


# --- the segments


@pytest.mark.rule("HLS-02")
def test_a_segment_never_changes(news):
    early, late = ask(news, 3, 24), ask(news, 3, 60)
    assert early.body == late.body == news.segment(3)
    assert early.headers.without("Date") == late.headers.without("Date")
    assert early.headers["Content-Type"] == "video/mp2t"
    assert early.headers["Cache-Control"] == "max-age=31536000, immutable"
    assert early.headers["Last-Modified"] == "Thu, 01 Jan 2026 12:00:24 GMT"


@pytest.mark.rule("HLS-03")
def test_a_segment_is_published_when_its_last_picture_has_been_taken(news):
    assert ask(news, 3, 23.99).status == 404
    assert ask(news, 3, 24).status == 200


@pytest.mark.rule("HLS-03")
def test_before_the_first_segment_there_is_no_playlist(news):
    assert ask(news, "playlist", 5.9).status == 404
    assert ask(news, "playlist", -3600).status == 404


@pytest.mark.rule("HLS-04")
def test_a_segment_stays_for_its_own_length_and_the_playlists_after_it_left(news):
    left = (0 + news.window + 1) * 6  # segment 5 pushes segment 0 out
    stays = 6 + news.window * 6
    assert 0 in news.listed(news.started + left - 0.01)
    assert 0 not in news.listed(news.started + left)
    assert ask(news, 0, left + stays - 0.01).status == 200
    assert ask(news, 0, left + stays).status == 404


def test_a_segment_is_as_many_whole_transport_packets_as_its_seconds_have():
    whole = MediaChannel("news", 30).segment(0)
    assert whole == b"".join(MediaChannel("news", 6).segment(number) for number in range(5))
    assert {whole[start] for start in range(0, len(whole), 188)} == {0x47}
    assert len(whole) < 100_000


@pytest.mark.parametrize("length", range(1, LOOP_SECONDS + 1))
def test_a_segment_of_any_length_has_all_its_seconds(length):
    channel = MediaChannel("news", length)
    sizes = {len(channel.segment(number)) for number in range(40)}
    assert sizes == {length * 2820}


# --- what a request may ask


def test_a_condition_that_holds_no_news_is_answered_304(news):
    for path in ("playlist", 5):
        first = ask(news, path)
        again = ask(news, path, If_None_Match=first.headers["ETag"])
        assert (again.status, again.body) == (304, b"")
        assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
        assert ask(news, path, If_Modified_Since=first.headers["Last-Modified"]).status == 304
        assert ask(news, path, If_Match='"other"').status == 412
    assert ask(news, "playlist", 66, If_None_Match=ask(news, "playlist", 60).headers["ETag"]).status == 200


def test_a_range_is_answered_206_and_one_behind_the_end_416(news):
    whole = news.segment(5)
    part = ask(news, 5, Range="bytes=188-375")
    assert (part.status, part.body) == (206, whole[188:376])
    assert part.headers["Content-Range"] == f"bytes 188-375/{len(whole)}"
    assert part.headers["Content-Length"] == "188"
    beyond = ask(news, 5, Range="bytes=999999-")
    assert (beyond.status, beyond.headers["Content-Range"]) == (416, f"bytes */{len(whole)}")
    assert "Cache-Control" not in beyond.headers
    assert ask(news, 5, Range="bytes=0-9,20-29").body == whole
    assert ask(news, 5, Range="bytes=0-9", If_Range='"other"').body == whole


@pytest.mark.rule("HLS-09")
def test_head_says_what_get_would_without_the_bytes(news):
    for path in ("playlist", 5, 99, "/nothing"):
        got, head = ask(news, path), ask(news, path, method="HEAD")
        assert (head.status, head.headers, head.body) == (got.status, got.headers, b"")
    assert ask(news, 5, method="HEAD", Range="bytes=0-9").status == 200


@pytest.mark.rule("HLS-09")
def test_other_methods_and_paths_are_refused(news):
    refused = ask(news, "playlist", method="POST")
    assert (refused.status, refused.headers["Allow"]) == (405, "GET, HEAD")
    folder = news.playlist_path.removesuffix("index.m3u8")
    for path in (
        "/",
        "/index.m3u8",
        folder,
        f"{folder}index_1_05.ts",
        f"{folder}index_1_-1.ts",
        f"{folder}x/index_1_5.ts",
        f"{folder}index_1_5.TS",
    ):
        assert ask(news, path).status == 404
    assert ask(news, f"{folder}index_1_{10**17}.ts").status == 404
    assert ask(news, f"{news.playlist_path}?m=1").status == 200


# --- making one


@pytest.mark.rule("HLS-08")
def test_host_and_path_look_like_mediapackages_and_come_from_the_name():
    one, same, other = MediaChannel("news"), MediaChannel("news", region="us-east-1"), MediaChannel("sport")
    name, rest = one.host.split(".", 1)
    assert rest == "mediapackage.eu-west-1.amazonaws.com"
    assert len(name) == 16 and int(name, 16) >= 0
    assert same.host == f"{name}.mediapackage.us-east-1.amazonaws.com"
    assert same.playlist_path == one.playlist_path != other.playlist_path
    assert one.url == f"https://{one.host}{one.playlist_path}"
    assert one.playlist_path.startswith("/out/v1/") and one.playlist_path.endswith("/index.m3u8")
    assert (one.place.region, one.place.kind, one.hosts) == ("eu-west-1", "origin", (one.host,))


def test_a_channel_that_is_connected_has_a_full_window_at_once():
    cdn, news = CloudFront(SimulatedClock(NOON)), MediaChannel("news")
    with pytest.raises(InputError, match="not on the air yet"):
        news.started  # noqa: B018
    cdn.connect(news)
    assert news.clock is cdn.clock
    assert list(news.listed(cdn.clock.now())) == [0, 1, 2, 3, 4]
    elsewhere = CloudFront(SimulatedClock("2027-01-01"))
    elsewhere.connect(news)
    assert news.clock is cdn.clock


def test_a_channel_without_a_clock_begins_with_its_first_request():
    news = MediaChannel("news")
    assert tags(news.receive(Request("GET", news.url), 1000.0).outcome.body.decode())[0]["MEDIA-SEQUENCE"] == 0
    assert news.started == 1000 - 30
    assert MediaChannel("news", clock=SimulatedClock(5000.0)).started == 4970


@pytest.mark.rule("HLS-07")
@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"name": ""}, "letters, digits"),
        ({"name": "Evening news"}, "letters, digits"),
        ({"name": None}, "letters, digits"),
        ({"segment_seconds": 0}, "segment_seconds is 0; give a whole number from 1 to 30"),
        ({"segment_seconds": 2.5}, "segment_seconds is 2.5"),
        ({"segment_seconds": 31}, "segment_seconds is 31"),
        ({"segment_seconds": float("nan")}, "segment_seconds is nan"),
        ({"segment_seconds": float("inf")}, "segment_seconds is inf"),
        ({"segment_seconds": True}, "segment_seconds is True"),
        ({"window": 2}, "window is 2; give a whole number from 3 to 1000"),
        ({"window": "5"}, "window is '5'"),
    ],
)
def test_what_is_no_channel_is_refused(given, error):
    with pytest.raises(InputError, match=error):
        MediaChannel(**{"name": "news", **given})


def test_an_unknown_region_moment_segment_or_fault_is_refused(news):
    with pytest.raises(UnknownName, match="eu-west-1"):
        MediaChannel("news", region="eu-west-99")
    with pytest.raises(ClockError):
        MediaChannel("news", started="noon")
    with pytest.raises(InputError, match="has no segment -1"):
        news.segment(-1)
    with pytest.raises(InputError, match="is no fault"):
        news.fault = "tired"


# --- behind CloudFront


def channel_behind(cdn, *behaviours, default=None, **more):
    """A channel and the host of a distribution in front of it."""
    news = MediaChannel("news", **more)
    cdn.connect(news)
    setup = config(default or behaviour("live"), behaviours, [custom_origin("live", news.host)])
    return news, cdn.create_distribution(DistributionConfig=setup)["Distribution"]["DomainName"]


@pytest.mark.rule("HLS-02", "HLS-05")
def test_through_cloudfront_segments_stay_hits_while_the_playlist_moves():
    cdn = CloudFront()
    news, host = channel_behind(cdn)
    seen = []
    for _ in range(3):
        page = cdn.get(f"https://{host}{news.playlist_path}")
        segment = cdn.get(f"https://{host}{news.segment_path(4)}")
        seen.append((page.result, tags(page.response.body.decode())[0]["MEDIA-SEQUENCE"], segment.result))
        cdn.clock.advance(6)
    assert seen == [("Miss", 0, "Miss"), ("Miss", 1, "Hit"), ("Miss", 2, "Hit")]


@pytest.mark.rule("HLS-05")
def test_a_playlist_that_has_not_changed_is_refreshed_without_a_body():
    cdn = CloudFront()
    news, host = channel_behind(cdn)
    cdn.get(f"https://{host}{news.playlist_path}")
    cdn.clock.advance(3)
    again = cdn.get(f"https://{host}{news.playlist_path}")
    assert (again.result, again.origin_statuses) == ("RefreshHit", (304,))


@pytest.mark.rule("HLS-10")
@pytest.mark.parametrize(("min_ttl", "behind"), [(0, 0), (5, 0), (60, 9)])
def test_a_long_minimum_ttl_on_the_playlist_hides_the_newest_segments(min_ttl, behind):
    cdn = CloudFront()
    news, host = channel_behind(cdn, behaviour("live", legacy(min_ttl), PathPattern="*.m3u8"))
    cdn.get(f"https://{host}{news.playlist_path}")
    cdn.clock.advance(58)
    page = cdn.get(f"https://{host}{news.playlist_path}")
    _, segments = tags(page.response.body.decode())
    assert news.newest(cdn.clock.now()) - segments[-1][0] == behind


@pytest.mark.rule("HLS-03", "ERR-01")
def test_a_player_that_asks_too_early_leaves_a_404_behind_for_ten_seconds():
    cdn = CloudFront()
    news, host = channel_behind(cdn)
    url = f"https://{host}{news.segment_path(5)}"
    statuses = [cdn.get(url).response.status]
    for seconds in (7, 4):  # published after 6 s
        cdn.clock.advance(seconds)
        statuses.append(cdn.get(url).response.status)
    assert statuses == [404, 404, 200]


def test_a_channel_can_be_unplugged():
    cdn = CloudFront()
    news, host = channel_behind(cdn)
    cdn.get(f"https://{host}{news.playlist_path}")
    news.fault = "refuses"
    assert news.fault == "refuses"
    cdn.clock.advance(60)
    old = cdn.get(f"https://{host}{news.playlist_path}")
    assert (old.response.status, tags(old.response.body.decode())[0]["MEDIA-SEQUENCE"]) == (200, 0)
    assert cdn.get(f"https://{host}{news.segment_path(12)}").response.status == 502


# --- real players


class Served:
    """A tiny HTTP server on 127.0.0.1 whose every answer comes through CloudFront."""

    def __init__(self, cdn, host):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                response = cdn.get(
                    f"https://{host}{self.path}", headers=[("Range", self.headers["Range"])] if "Range" in self.headers else []
                )
                self.send_response_only(response.response.status)
                for name, value in response.response.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(response.response.body)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def __exit__(self, *error):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)


@pytest.mark.parametrize("length", [1, 6])
def test_ffprobe_accepts_the_playlist(needs, length):
    cdn = CloudFront()
    news, host = channel_behind(cdn, segment_seconds=length)
    with Served(cdn, host) as address:
        probed = run(needs("ffprobe"), "-v", "warning", "-show_streams", "-show_format", "-of", "json", address + news.playlist_path)
    found = json.loads(probed.stdout)
    (stream,) = found["streams"]
    assert (found["format"]["format_name"], stream["codec_name"], stream["width"], stream["height"]) == ("hls", "h264", 64, 36)
    assert probed.stderr == ""


def test_every_picture_of_a_window_across_a_jump_is_decoded(needs):
    cdn = CloudFront()
    news, host = channel_behind(cdn, segment_seconds=2, window=20)  # 40 seconds; the pictures begin again after 30
    assert news.playlist(cdn.clock.now()).count("#EXT-X-DISCONTINUITY\n") == 1
    with Served(cdn, host) as address:
        source = ("-live_start_index", "0", "-i", address + news.playlist_path)
        played = run(needs("ffmpeg"), "-v", "error", *source, "-frames:v", "390", "-fps_mode", "passthrough", "-f", "framemd5", "-")
    pictures = [line.split(",")[-1].strip() for line in played.stdout.splitlines() if not line.startswith("#")]
    assert len(pictures) == 390
    assert pictures[300:] == pictures[:90]
    assert played.stderr == ""


@pytest.mark.parametrize(("length", "number"), [(1, 7), (6, 4), (10, 2), (30, 0)])
def test_a_segment_lasts_as_long_as_the_playlist_says(needs, tmp_path, length, number):
    file = tmp_path / "segment.ts"
    file.write_bytes(MediaChannel("news", length).segment(number))
    probed = run(
        needs("ffprobe"), "-v", "error", "-count_packets", "-show_entries", "stream=nb_read_packets,duration", "-of", "json", str(file)
    )
    (stream,) = json.loads(probed.stdout)["streams"]
    assert (float(stream["duration"]), stream["nb_read_packets"]) == (length, str(10 * length))
