"""A real S3-compatible server as origin: rclone's `serve s3`, which verifies signatures strictly, and a socket that misbehaves."""

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager, suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from labs import ALL_METHODS, DISABLED, behaviour, config, legacy

from cdnlab import Bucket, CloudFront, Request, S3Endpoint
from cdnlab.errors import APIError, InputError, UnknownName
from cdnlab.oai import ANONYMOUS, Identity
from cdnlab.wishes import Fetch

KEY, SECRET = "AKIDCDNLABTEST", "a-test-secret-that-nobody-may-see"
OAC = Identity.oac("arn:aws:cloudfront::111122223333:distribution/E1")
OAI = Identity.oai("EH1HDMB1FH2TC")


@contextmanager
def rclone(program, folder, *options):
    """rclone on a free port of 127.0.0.1 with one bucket, `photos`; its URL."""
    (folder / "data" / "photos").mkdir(parents=True)
    (folder / "data" / "photos" / "cat.jpg").write_bytes(b"0123456789")
    command = [program, "serve", "s3", "--auth-key", f"{KEY},{SECRET}", "--addr", "127.0.0.1:0", *options, str(folder / "data")]
    log = folder / "rclone.log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env={**os.environ, "RCLONE_CONFIG": str(folder / "none.conf")})
    try:
        end = time.monotonic() + 30
        while not (found := re.search(r"http://127\.0\.0\.1:\d+", log.read_text())):
            assert process.poll() is None and time.monotonic() < end, log.read_text()
            time.sleep(0.05)
        yield found[0]
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def server(needs, tmp_path_factory):
    with rclone(needs("rclone"), tmp_path_factory.mktemp("s3")) as url:
        yield url


def endpoint(url, **more):
    return S3Endpoint("photos", **{"endpoint_url": url, "region": "eu-north-1", "access_key": KEY, "secret_key": SECRET, **more})


ALL_BUT_HOST = {"OriginRequestPolicyId": "b689b0a8-53d0-40ab-baf2-68738e2966ac"}


def behind(origin, signing="always", cache=None, **more):
    """A CloudFront with one distribution over the bucket `photos` with an OAC, whoever plays that bucket; and its URL."""
    cdn = CloudFront()
    cdn.connect(origin)
    oac = {"Name": "oac", "SigningProtocol": "sigv4", "SigningBehavior": signing, "OriginAccessControlOriginType": "s3"}
    id = cdn.create_origin_access_control(OriginAccessControlConfig=oac)["OriginAccessControl"]["Id"]
    spec = {"Id": "www", "DomainName": "photos.s3.eu-north-1.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
    default = behaviour("www", cache, AllowedMethods=ALL_METHODS, **more)
    made = cdn.create_distribution(DistributionConfig=config(default, (), [{**spec, "OriginAccessControlId": id}]))
    return cdn, f"https://{made['Distribution']['DomainName']}"


# --- a real server


@pytest.mark.rule("S3REAL-01", "S3REAL-06")
def test_a_signed_request_is_answered_through_the_edge_and_then_from_it(server):
    cdn, url = behind(endpoint(server))
    first, second = (cdn.get(f"{url}/cat.jpg") for _ in range(2))
    assert (first.response.status, first.response.body, first.result) == (200, b"0123456789", "Miss")
    assert (second.response.body, second.result, second.origin_requests) == (b"0123456789", "Hit", ())
    assert "Authorization" not in first.origin_requests[0].headers  # in the core a signature is a value
    (told,) = [step for step in first.steps if step.rule == "S3REAL-01"]
    assert "answers 200 to a request signed with Signature Version 4 for CloudFront for E" in told.says


@pytest.mark.rule("S3REAL-01")
def test_the_buckets_name_may_stand_in_the_host(needs, tmp_path):
    with rclone(needs("rclone"), tmp_path, "--force-path-style=false") as url:
        cdn, site = behind(endpoint(url, path_style=False))
        assert cdn.get(f"{site}/cat.jpg").response.body == b"0123456789"
        cdn, site = behind(endpoint(url, path_style=True))
        assert cdn.get(f"{site}/cat.jpg").response.status == 404


@pytest.mark.rule("S3REAL-01")
@pytest.mark.parametrize(
    ("more", "code"), [({"secret_key": "wrong"}, b"SignatureDoesNotMatch"), ({"access_key": "WHO"}, b"InvalidAccessKeyId")]
)
def test_wrong_keys_are_refused_with_the_servers_own_xml(server, more, code):
    cdn, url = behind(endpoint(server, **more))
    journey = cdn.get(f"{url}/cat.jpg")
    assert journey.response.status == 403
    assert b"<Code>" + code in journey.response.body
    assert any(f"answers 403 {code.decode()}" in step.says for step in journey.steps)


@pytest.mark.rule("S3REAL-02")
@pytest.mark.parametrize("signing", ["never", "no-override"])
def test_what_cloudfront_does_not_sign_goes_out_as_the_viewer_sent_it(server, signing):
    origin = endpoint(server)
    with_authorization = legacy(Headers={"Quantity": 1, "Items": ["Authorization"]})
    cdn, url = behind(origin, signing, with_authorization)
    journey = cdn.get(f"{url}/cat.jpg", headers={"Authorization": "AWS4-HMAC-SHA256 mine"})
    assert journey.response.status >= 400  # rclone says 400 to what it cannot read
    assert b"<Error><Code>" in journey.response.body
    assert "S3REAL-02" in [step.rule for step in journey.steps]
    plain = cdn.get(f"{url}/cat.jpg")
    assert (plain.response.status == 200) == (signing == "no-override")


@pytest.mark.rule("S3REAL-01")
def test_an_identity_of_either_kind_is_signed_for(server):
    origin = endpoint(server)
    request = Request("GET", f"https://{origin.endpoint}/cat.jpg")
    for who, status in ((OAC, 200), (OAI, 200), (ANONYMOUS, 400), (None, 400)):
        assert origin.receive(request, 0.0, who).outcome.status == status


@pytest.mark.rule("S3REAL-01", "S3REAL-03")
@pytest.mark.parametrize(
    "path",
    ["/a%20b", "/a%2Bb", "/%C3%A9t%C3%A9", "/folder%2Ffile", "/a(b)!'*", "/100%25", "/a=b&c;d@e:f,g", "/%7Etilde~", "/a%2520b", "/x/./y"],
)
def test_odd_keys_make_the_round_trip(server, path):
    cdn, url = behind(endpoint(server), cache=DISABLED)
    if "/./" in path:  # the server refuses such a name; what matters is that it, not the signature, is judged
        assert b"SignatureDoesNotMatch" not in cdn.get(url + path).response.body
        return
    assert cdn.request("PUT", url + path, body=path.encode()).response.status == 200
    assert cdn.get(url + path).response.body == path.encode()
    assert cdn.request("DELETE", url + path).response.status == 204
    assert cdn.get(url + path).response.status == 404


@pytest.mark.rule("S3REAL-01")
def test_a_query_string_is_covered_by_the_signature(server):
    origin = endpoint(server)
    for query in (
        "?list-type=2&prefix=c",
        "?prefix=c&list-type=2",
        "?list-type=2&prefix=a+b&start-after=%C3%A9(",
        "?list-type=2&delimiter=/",
    ):
        reply = origin.receive(Request("GET", f"https://{origin.endpoint}/{query}"), 0.0, OAC).outcome
        assert (reply.status, b"<ListBucketResult" in reply.body) == (200, True)


@pytest.mark.rule("S3REAL-01")
def test_a_viewers_signed_chunks_are_replaced_by_cloudfronts_signature(server):
    cdn, url = behind(endpoint(server), cache=DISABLED, **ALL_BUT_HOST)
    chunked = b"3;chunk-signature=" + b"0" * 64 + b"\r\nabc\r\n0;chunk-signature=" + b"0" * 64 + b"\r\n\r\n"
    headers = {
        "Authorization": "AWS4-HMAC-SHA256 the viewer's own",
        "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "x-amz-date": "20200101T000000Z",
        "Content-Encoding": "aws-chunked",
    }
    assert cdn.request("PUT", f"{url}/chunks", headers, chunked).response.status == 200
    assert cdn.get(f"{url}/chunks").response.body == b"abc"


@pytest.mark.rule("S3REAL-03")
def test_a_range_is_served_by_the_server_and_by_the_edge(server):
    origin = endpoint(server)
    asked = {"Range": "bytes=2-4"}
    part = origin.receive(Request("GET", f"https://{origin.endpoint}/cat.jpg", asked), 0.0, OAC).outcome
    assert (part.status, part.body, part.headers["Content-Range"]) == (206, b"234", "bytes 2-4/10")  # rclone says 200
    cdn, url = behind(origin)
    first = cdn.get(f"{url}/cat.jpg", headers=asked)
    assert (first.response.status, first.response.body, first.result) == (206, b"234", "Miss")
    assert cdn.get(f"{url}/cat.jpg").response.body == b"0123456789"
    cached = cdn.get(f"{url}/cat.jpg", headers=asked)
    assert (cached.response.status, cached.response.body, cached.result) == (206, b"234", "Hit")


@pytest.mark.rule("S3REAL-03", "TTL-20")
def test_an_expired_copy_is_renewed_by_the_servers_304(server):
    cdn, url = behind(endpoint(server), cache=legacy(default_ttl=10, max_ttl=10))
    results = []
    for seconds in (0, 5, 20):
        cdn.clock.advance(seconds)
        results.append(cdn.get(f"{url}/cat.jpg").result)
    assert results == ["Miss", "Hit", "RefreshHit"]


@pytest.mark.rule("S3REAL-03")
def test_the_emulated_bucket_and_the_real_server_agree(server):
    allowed = {"Effect": "Allow", "Principal": {"Service": "cloudfront.amazonaws.com"}}
    emulated = Bucket("photos", region="eu-north-1")
    emulated.put_object(Key="cat.jpg", Body=b"0123456789")
    emulated.put_bucket_policy(
        Policy=json.dumps(
            {
                "Statement": [
                    {**allowed, "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], "Resource": "arn:aws:s3:::photos/*"},
                    {**allowed, "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::photos"},
                ]
            }
        )
    )
    asked = [
        ("GET", "/cat.jpg", {}, b""),
        ("HEAD", "/cat.jpg", {}, b""),
        ("GET", "/nothing", {}, b""),
        ("GET", "/cat.jpg", {"Range": "bytes=2-4"}, b""),
        ("GET", "/cat.jpg", {"Range": "bytes=-3"}, b""),
        ("GET", "/cat.jpg", {"Range": "bytes=50-"}, b""),
        ("PUT", "/new.txt", {"Content-Type": "text/plain"}, b"new"),
        ("GET", "/new.txt", {}, b""),
        ("PUT", "/empty", {}, b""),
        ("GET", "/empty", {}, b""),
        ("DELETE", "/new.txt", {}, b""),
        ("DELETE", "/empty", {}, b""),
        ("GET", "/new.txt", {}, b""),
    ]
    seen = []
    for origin in (emulated, endpoint(server)):
        cdn, url = behind(origin, cache=DISABLED)
        answers = [cdn.request(method, url + path, headers, body).response for method, path, headers, body in asked]
        # of an error, only its status; an answer also has a body
        seen.append([(each.status, each.body if each.status < 400 else b"") for each in answers])
    assert seen[0] == seen[1]


# --- a server that does what it is told


class Scripted:
    """A server on 127.0.0.1 that reads one request after the other and sends these bytes; `heard`: what it was sent."""

    def __init__(self, answer=b"", hold=0.0):
        self.answer, self.hold, self.heard = answer, hold, []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            with closing(peer), suppress(OSError):
                text = b""
                while b"\r\n\r\n" not in text and (piece := peer.recv(65536)):
                    text += piece
                if length := re.search(rb"(?i)content-length: (\d+)", text):
                    while len(text.partition(b"\r\n\r\n")[2]) < int(length[1]):
                        text += peer.recv(65536)
                self.heard.append(text)
                peer.sendall(self.answer)
                time.sleep(self.hold)


@pytest.fixture
def scripted():
    made = []

    def make(*args, **more):
        made.append(Scripted(*args, **more))
        return made[-1]

    yield make
    for each in made:
        each.socket.close()


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Thing: a\r\nX-Thing: b\r\n\r\nok"


@pytest.mark.rule("S3REAL-03")
def test_the_target_is_sent_to_the_last_character(scripted):
    server = scripted(OK)
    origin = endpoint(server.url)
    for target in ("/a//b", "/%2e%2E/a%2fb%2F", "/~a%7E+b?x=%41&&y", "//", "/?"):
        assert origin.receive(Request("GET", f"https://{origin.endpoint}{target}"), 0.0, OAC).outcome.status == 200
        assert server.heard[-1].split(b"\r\n")[0] == f"GET /photos{target} HTTP/1.1".encode()


@pytest.mark.rule("S3REAL-01")
def test_the_host_is_the_one_the_server_expects_and_is_signed(scripted):
    server = scripted(OK)
    port = server.url.rsplit(":", 1)[1]
    sent = {"Host": "photos.s3.eu-north-1.amazonaws.com", "X-Amz-Cf-Id": "abc", "Authorization": "theirs", "Connection": "Keep-Alive"}
    for path_style, host in ((True, f"127.0.0.1:{port}"), (False, f"photos.127.0.0.1:{port}")):
        origin = endpoint(server.url, path_style=path_style, signing_region="here-1")
        origin.receive(Request("PUT", f"https://{origin.endpoint}/a", sent, b"body"), 0.0, OAC)
        heard = server.heard[-1].decode().lower()
        assert heard.count("\r\nhost: ") == heard.count("\r\nauthorization: ") == heard.count("\r\nconnection: ") == 1
        assert f"\r\nhost: {host}\r\n" in heard and "theirs" not in heard
        assert "/here-1/s3/aws4_request, signedheaders=host;x-amz-cf-id;x-amz-content-sha256;x-amz-date, signature=" in heard
        assert heard.endswith("\r\n\r\nbody") and "\r\ncontent-length: 4\r\n" in heard


@pytest.mark.rule("S3REAL-01", "S3REAL-06")
def test_temporary_keys_bring_their_token_which_is_signed_and_not_shown(scripted):
    server = scripted(OK)
    origin = endpoint(server.url, session_token="a-token")
    origin.receive(Request("GET", f"https://{origin.endpoint}/a", {"X-Amz-Security-Token": "theirs"}), 0.0, OAC)
    heard = server.heard[-1].lower()
    assert heard.count(b"x-amz-security-token: a-token") == 1 and b";x-amz-security-token," in heard and b"theirs" not in heard
    assert "a-token" not in repr(vars(origin))


@pytest.mark.rule("S3REAL-02")
def test_an_unsigned_request_keeps_the_viewers_authorization_and_gets_no_other(scripted):
    server = scripted(OK)
    origin = endpoint(server.url)
    origin.receive(Request("GET", f"https://{origin.endpoint}/a", {"Authorization": "theirs"}), 0.0, ANONYMOUS)
    assert b"\r\nAuthorization: theirs\r\n" in server.heard[-1]
    assert b"X-Amz-Date" not in server.heard[-1] and b"Content-Length" not in server.heard[-1]


@pytest.mark.rule("S3REAL-03")
@pytest.mark.parametrize(
    ("answer", "status", "fields", "body"),
    [
        (OK, 200, [("Content-Length", "2"), ("X-Thing", "a"), ("X-Thing", "b")], b"ok"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nok\r\n3\r\nay!\r\n0\r\n\r\n",
            200,
            [],
            b"okay!",
        ),
        (
            b"HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:1/x\r\nContent-Length: 0\r\n\r\n",
            307,
            [("Location", "http://127.0.0.1:1/x"), ("Content-Length", "0")],
            b"",
        ),
        (b'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 Gone\r\nETag: "x"\r\n\r\n', 204, [("ETag", '"x"')], b""),
    ],
)
def test_an_answer_is_passed_on_as_it_came(scripted, answer, status, fields, body):
    origin = endpoint(scripted(answer).url)
    reply = origin.receive(Request("GET", f"https://{origin.endpoint}/a"), 0.0, OAC).outcome
    assert (reply.status, list(reply.headers.items()), reply.body, reply.content.failed) == (status, fields, body, False)


@pytest.mark.rule("S3REAL-05")
@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n9\r\n",
    ],
)
def test_an_answer_that_breaks_off_is_delivered_as_failed(scripted, answer):
    origin = endpoint(scripted(answer).url)
    reply = origin.receive(Request("GET", f"https://{origin.endpoint}/a"), 0.0, OAC).outcome
    assert (reply.body, reply.content.failed, reply.content.open) == (b"half", True, False)


@pytest.mark.rule("S3REAL-05")
@pytest.mark.parametrize(
    "answer",
    [b"", b"this is no HTTP\r\n\r\n", b"HTTP/1.1 999 Odd\r\n\r\n", b"HTTP/1.1 200 OK\r\nX Bad: 1\r\nY: \x01\r\n\r\n", b"\x00" * 99],
)
def test_what_is_no_answer_is_an_invalid_origin(scripted, answer):
    origin = endpoint(scripted(answer).url)
    reply = origin.receive(Request("GET", f"https://{origin.endpoint}/a"), 0.0, OAC)
    assert (getattr(reply.outcome, "kind", ""), reply.rule) == ("invalid", "S3REAL-05"), reply


@pytest.mark.rule("S3REAL-04", "S3REAL-05")
def test_a_silent_server_is_a_timeout_of_the_same_length_in_both_times(scripted):
    origin = endpoint(scripted(hold=5).url)
    began = time.monotonic()
    reply = origin.fetch(Fetch(Request("GET", f"https://{origin.endpoint}/a"), 0.0, 5.0, 0.3, OAC), 0.0)
    assert (reply.outcome.kind, reply.outcome.status, reply.outcome.seconds) == ("read-timeout", 504, 0.3)
    assert time.monotonic() - began < 4


@pytest.mark.rule("S3REAL-05")
def test_nobody_there_is_a_502_through_the_edge_and_says_why():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    cdn, url = behind(endpoint(f"http://127.0.0.1:{port}"))
    journey = cdn.get(f"{url}/cat.jpg")
    assert journey.response.status == 502
    assert any("refused the connection" in step.says for step in journey.steps)
    unknown = endpoint("http://nobody.invalid:9000")
    assert unknown.receive(Request("GET", f"https://{unknown.endpoint}/a"), 0.0, OAC).outcome.kind == "dns"
    plain = endpoint("https://127.0.0.1:1")
    assert plain.receive(Request("GET", f"https://{plain.endpoint}/a"), 0.0, OAC).outcome.kind == "refused"


@pytest.mark.rule("S3REAL-05")
def test_a_server_without_tls_is_a_tls_failure():
    with socket.create_server(("127.0.0.1", 0)) as plain:

        def greet():
            peer, _ = plain.accept()
            with closing(peer):
                peer.sendall(b"220 this is no TLS\r\n")
                peer.recv(65536)

        thread = threading.Thread(target=greet)
        thread.start()
        origin = endpoint(f"https://127.0.0.1:{plain.getsockname()[1]}")
        outcome = origin.receive(Request("GET", f"https://{origin.endpoint}/a"), 0.0, OAC).outcome
        thread.join(5)
    assert (outcome.kind, outcome.status) == ("tls", 502)


@pytest.mark.rule("S3REAL-04")
def test_the_clock_is_the_simulated_one_whatever_the_server_takes(scripted):
    latencies = set()
    for hold in (0.0, 0.2):
        cdn, url = behind(endpoint(scripted(OK, hold).url))
        latencies.add(cdn.get(f"{url}/a").latency_ms)
    assert len(latencies) == 1
    cdn, url = behind(endpoint(scripted(OK).url, seconds=1.5))
    assert cdn.get(f"{url}/a").latency_ms == pytest.approx(latencies.pop() + 1500, abs=0.01)


def test_a_real_server_can_be_broken_on_purpose_without_being_asked(scripted):
    server = scripted(OK)
    origin = endpoint(server.url)
    cdn, url = behind(origin)
    origin.fault = 503
    assert cdn.get(f"{url}/a").response.status == 503
    assert server.heard == []


@pytest.mark.rule("S3REAL-05")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, blacklist_characters="#?"), max_size=30),
    st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, blacklist_characters="#"), max_size=30),
    st.dictionaries(
        st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,12}", fullmatch=True), st.text(st.characters(min_codepoint=0x20), max_size=12), max_size=4
    ),
    st.sampled_from(["GET", "HEAD", "PUT", "DELETE"]),
    st.sampled_from([OAC, ANONYMOUS]),
)
def test_whatever_is_asked_there_is_a_reply(scripted, path, query, headers, method, who):
    server = scripted(OK)
    origin = endpoint(server.url)
    try:
        request = Request(
            method, f"https://{origin.endpoint}/{path}?{query}", {f"x-amz-meta-{name}": text for name, text in headers.items()}
        )
    except InputError:
        return
    reply = origin.receive(request, 0.0, who)
    assert reply.outcome.status == 200 or reply.outcome.kind == "invalid"
    assert not server.heard or server.heard[0].startswith(f"{method} /photos/{path}?{query} HTTP/1.1\r\n".encode())
    server.socket.close()


@pytest.mark.rule("S3REAL-05")
@pytest.mark.parametrize("who", [OAC, ANONYMOUS])
def test_a_header_that_cannot_be_written_is_an_invalid_request_and_nothing_is_sent(scripted, who):
    server = scripted(OK)
    origin = endpoint(server.url)
    reply = origin.receive(Request("GET", f"https://{origin.endpoint}/a", {"x-amz-meta-a": "\ud800"}), 0.0, who)
    assert (reply.outcome.kind, server.heard) == ("invalid", [])


# --- what is given


@pytest.mark.rule("S3REAL-06")
def test_the_secret_is_nowhere_to_be_seen(scripted):
    server = scripted(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    origin = endpoint(server.url)
    cdn, url = behind(origin)
    journey = cdn.get(f"{url}/a")
    shown = [repr(origin), str(origin), repr(vars(origin)), str(journey), repr(journey.log), journey._repr_html_(), repr(server.heard)]
    for wrong in ({"secret_key": SECRET + "\n"}, {"secret_key": [SECRET]}, {"secret_key": SECRET, "access_key": ""}):
        with pytest.raises(InputError) as caught:
            endpoint(server.url, **wrong)
        shown.append(str(caught.value))
    assert not [text for text in shown if SECRET in text]
    assert KEY not in repr(origin) + str(journey)


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        ({"endpoint_url": "127.0.0.1:9000"}, InputError, "absolute"),
        ({"endpoint_url": "http://127.0.0.1:9000/photos"}, InputError, "has a path"),
        ({"endpoint_url": "http://me:secret@127.0.0.1"}, InputError, "user name"),
        ({"endpoint_url": "http://[::1]:9000", "path_style": False}, InputError, "path_style=True"),
        ({"region": "eu-nowhere-1"}, UnknownName, "eu-nowhere-1"),
        ({"signing_region": "a b"}, InputError, "signing_region"),
        ({"path_style": "no"}, InputError, "path_style"),
        ({"endpoint_url": 9000}, InputError, "URL"),
        ({"seconds": -1}, InputError, "thinking time"),
        ({"name": "No"}, APIError, "InvalidBucketName"),
    ],
)
def test_what_cannot_be_is_refused_with_what_would_work(wrong, error, says):
    given = {"name": "photos", "endpoint_url": "http://127.0.0.1:9000", "access_key": KEY, "secret_key": SECRET, **wrong}
    with pytest.raises(error, match=re.escape(says)):
        S3Endpoint(given.pop("name"), **given)


def test_only_an_identity_signs():
    origin = endpoint("http://127.0.0.1:1")
    with pytest.raises(InputError, match=r"oai\.Identity"):
        origin.receive(Request("GET", f"https://{origin.endpoint}/a"), 0.0, "E1")


@pytest.mark.rule("S3REAL-01")
def test_it_answers_under_the_names_that_the_bucket_has():
    for region in ("eu-north-1", "us-east-1", "cn-north-1", "me-central-1"):
        assert endpoint("http://127.0.0.1:1", region=region).hosts == Bucket("photos", region=region).rest_hosts


def test_botocore_is_loaded_when_the_first_request_is_signed():
    code = f"from cdnlab import S3Endpoint; S3Endpoint('photos', endpoint_url='http://127.0.0.1:1', access_key='{KEY}', secret_key='x')"
    check = "import sys; sys.exit('botocore' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", f"{code}; {check}"], check=False).returncode == 0
