"""How long things take: cdnlab and a peer side by side, in one run, on one machine.

    python tests/benchmarks/run.py                      all suites
    python tests/benchmarks/run.py --suite import hit

Before a time is printed, the answers are checked to be the same. Times are medians of rounds taken in turns, so that a busy moment
hits all alike; `cpu` is this process's own, `wall` what a clock on the wall shows. Trust ratios more than numbers. Nothing in the
test suite asserts a time.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

TESTS = Path(__file__).resolve().parent.parent
ROOT = TESTS.parent
PEERS = ("botocore", "cryptography", "jupyterlab", "anywidget", "ipywidgets", "plotly", "pandas")


def line(
    what: str, median: float, unit: str, *, p90: float | None = None, against: float | None = None, limit: float | None = None
) -> None:
    """One row: what, how long, and what it is measured against."""
    parts = [f"  {what:<58}{median:>9.1f} {unit}"]
    parts += [f"p90 {p90:.1f}"] if p90 is not None else []
    parts += [f"{median / against:.2f} x the first"] if against else []
    parts += [f"limit {limit:g}: {'kept' if median <= limit else 'BROKEN'}"] if limit is not None else []
    print("   ".join(parts))


def p90(times: list[float]) -> float:
    return sorted(times)[int(0.9 * (len(times) - 1))]


# --- import ---------------------------------------------------------------------------------------------------------


def suite_import(rounds: int = 15) -> None:
    """`import cdnlab` in a fresh interpreter, beside the module of botocore's that signs CloudFront URLs."""
    heavy = "pandas plotly ipywidgets numba numpy botocore"
    ask = f"import sys; print([name for name in {heavy.split()} if name in sys.modules])"
    assert _fresh(f"import cdnlab; {ask}") == "[]", "import cdnlab loads a heavy library"
    times: dict[str, list[float]] = {"import botocore.signers": [], "import cdnlab": [], "from cdnlab import *": []}
    for _ in range(rounds):
        for statement, measured in times.items():
            clocked = f"import time; began = time.process_time()\n{statement}\nprint(time.process_time() - began)"
            measured.append(1000 * float(_fresh(clocked)))
    first = statistics.median(times["import botocore.signers"])
    for statement, measured in times.items():
        limit = 60 if statement == "import cdnlab" else None
        line(statement, statistics.median(measured), "ms cpu", p90=p90(measured), against=first, limit=limit)


def _fresh(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout.strip()


# --- hit ------------------------------------------------------------------------------------------------------------


def suite_hit(rounds: int = 15, hits: int = 400) -> None:
    """A hit at the edge through `cdn.get`: with its steps and without, one behaviour and the most that AWS allows."""
    one, many = _cdn(behaviours=0, aliases=0), _cdn(behaviours=75, aliases=100)
    jobs: dict[str, Callable[[], Any]] = {
        "with steps, 1 behaviour": lambda: one("/last/cat.jpg", True),
        "with steps, 76 behaviours, 100 aliases": lambda: many("/last/cat.jpg", True),
        "without steps, 1 behaviour": lambda: one("/last/cat.jpg", False),
        "without steps, 76 behaviours, 100 aliases": lambda: many("/last/cat.jpg", False),
    }
    answers = [job() for job in jobs.values() for _ in range(2)]
    seen = {(each.response.status, bytes(each.response.body), each.response.headers["ETag"]) for each in answers}
    assert len(seen) == 1, f"the answers differ: {seen}"
    assert [each.result for each in answers[1::2]] == ["Hit"] * len(jobs)
    assert answers[1].steps and not answers[-1].steps
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            began = time.process_time()
            for _ in range(hits):
                job()
            times[name].append(1e6 * (time.process_time() - began) / hits)
    first = statistics.median(times["with steps, 1 behaviour"])
    for name, measured in times.items():
        line(name, statistics.median(measured), "us cpu", p90=p90(measured), against=first, limit=150 if name.startswith("with ") else 50)


def _cdn(*, behaviours: int, aliases: int) -> Callable[[str, bool], Any]:
    """A CloudFront with one distribution; a function that gets a path from it."""
    from cdnlab import CloudFront, Response, WebServer

    def answer(request: Any) -> Any:
        return Response(200, {"Cache-Control": "max-age=31536000", "ETag": '"a"', "Content-Type": "image/jpeg"}, b"x" * 2000)

    def behaviour(**more: Any) -> dict[str, Any]:
        return {
            "TargetOriginId": "www",
            "ViewerProtocolPolicy": "allow-all",
            "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
            **more,
        }

    cdn = CloudFront()
    cdn.connect(WebServer("www.example.com", answer))
    custom = {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"}
    config: dict[str, Any] = {
        "CallerReference": "benchmark",
        "Comment": "",
        "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [{"Id": "www", "DomainName": "www.example.com", "CustomOriginConfig": custom}]},
        "DefaultCacheBehavior": behaviour(),
    }
    if behaviours:
        patterns = [f"/folder{number}/*.jpg" for number in range(behaviours - 1)] + ["/last/*"]
        config["CacheBehaviors"] = {"Quantity": behaviours, "Items": [behaviour(PathPattern=pattern) for pattern in patterns]}
    if aliases:
        config["Aliases"] = {"Quantity": aliases, "Items": [f"www{number}.example.org" for number in range(aliases)]}
        config["ViewerCertificate"] = {
            "ACMCertificateArn": "arn:aws:acm:us-east-1:111122223333:certificate/a",
            "SSLSupportMethod": "sni-only",
        }
    host = cdn.create_distribution(DistributionConfig=config)["Distribution"]["DomainName"]
    host = f"www{aliases - 1}.example.org" if aliases else host
    return lambda path, explain: cdn.get(f"https://{host}{path}", viewer="Lisbon", explain=explain)


# --- sign -----------------------------------------------------------------------------------------------------------


def suite_sign(rounds: int = 31, calls: int = 200) -> None:
    """Signed URLs made and checked, beside `cryptography` alone and botocore's CloudFrontSigner."""
    sys.path.insert(0, str(ROOT))
    from cdnlab.signing import KeyPair

    for kind, limit in (("rsa", 1.01), ("ecdsa", 1.08)):
        pair = KeyPair.test(kind)
        _race(_signings(kind, pair), rounds, calls if kind == "ecdsa" else calls // 5, times=limit)
    for kind in ("rsa", "ecdsa"):
        _race(_checks(kind, KeyPair.test(kind), calls), rounds, calls, plus=8)


Job = Callable[[int], Any]


def _signings(kind: str, pair: Any) -> dict[str, Job]:
    """Ways to sign the canned policy of a URL; a job gets the number of the URL."""
    from datetime import UTC, datetime

    from botocore.signers import CloudFrontSigner

    from cdnlab.signedpolicy import canned_text
    from cdnlab.signing import Signer

    ends = 1893456000
    until = datetime.fromtimestamp(ends, UTC)
    urls = [f"https://d111.cloudfront.net/videos/{number}.ts" for number in range(1000)]
    texts = [canned_text(url, ends).encode() for url in urls]
    signer = Signer("K2TESTKEY", pair)
    peer = CloudFrontSigner("K2TESTKEY", pair.sign)
    for url, text in zip(urls[:20], texts, strict=False):
        ours, theirs = signer.url(url, ends), peer.generate_presigned_url(url, date_less_than=until)
        assert kind != "rsa" or ours == theirs, f"{ours} is not {theirs}"
        assert pair.public_key.verifies(pair.sign(text), text)
    key, scheme = pair._key, pair.public_key._schemes["SHA1"]
    return {
        f"sign, {kind}: cryptography alone": lambda number: key.sign(texts[number], *scheme),
        f"sign, {kind}: Signer.url": lambda number: signer.url(urls[number], ends),
        f"sign, {kind}: botocore": lambda number: peer.generate_presigned_url(urls[number], date_less_than=until),
    }


def _checks(kind: str, pair: Any, calls: int) -> dict[str, Job]:
    """Ways to check a signature. No URL of the fresh ones comes twice, so nothing of theirs is remembered."""
    from cdnlab.messages import Request
    from cdnlab.signedpolicy import canned_text
    from cdnlab.signing import Signer
    from cdnlab.tokens import cookie_header
    from cdnlab.verification import verify

    ends, now, ip = 1893456000, 1767225600.0, "192.0.2.7"
    signer, keys = Signer("K2TESTKEY", pair), {"K2TESTKEY": pair.public_key}
    key, scheme = pair.public_key._key, pair.public_key._schemes["SHA1"]

    def fresh(number: int) -> str:
        return f"https://d111.cloudfront.net/videos/{next(names)}-{number}.ts"

    names = iter(range(10**9))
    cookies = {"Cookie": cookie_header(signer.cookies("https://d111.cloudfront.net/videos/*", ends))}
    segments = [Request("GET", f"https://d111.cloudfront.net/videos/{number}.ts", cookies) for number in range(calls)]
    repeated = Request("GET", signer.url("https://d111.cloudfront.net/videos/a.ts", ends))
    raw: list[tuple[bytes, bytes]] = []
    canned: list[Request] = []
    custom: list[Request] = []

    def prepare() -> None:
        urls = [fresh(number) for number in range(calls)]
        texts = [canned_text(url, ends).encode() for url in urls]
        raw[:] = [(pair.sign(text), text) for text in texts]
        canned[:] = [Request("GET", signer.url(url, ends)) for url in urls]
        custom[:] = [Request("GET", signer.url(url, ends, starts=0, ip="192.0.2.0/24")) for url in urls]

    def checked(request: Request) -> bool:
        return verify(request, keys, at=now, ip=ip).ok

    prepare()
    for request in (*canned, *custom, *segments, repeated):
        assert checked(request), request
    stranger = Request("GET", canned[0].url.replace("/videos/", "/video/"))
    assert not checked(stranger)
    assert not verify(segments[0], keys, at=float(ends), ip=ip).ok
    jobs: dict[str, Job] = {
        f"verify, {kind}: cryptography alone": lambda number: key.verify(*raw[number], *scheme),
        f"verify, {kind}: a new URL, canned policy": lambda number: verify(canned[number], keys, at=now, ip=ip),
        f"verify, {kind}: a new URL, custom policy": lambda number: verify(custom[number], keys, at=now, ip=ip),
        f"verify, {kind}: a URL that comes again": lambda number: verify(repeated, keys, at=now, ip=ip),
        f"verify, {kind}: a cookie that comes with each segment": lambda number: verify(segments[number], keys, at=now, ip=ip),
    }
    return {"": lambda number: prepare(), **jobs}


def _race(jobs: dict[str, Job], rounds: int, calls: int, *, times: float | None = None, plus: float | None = None) -> None:
    """Print the jobs' times, in turns. The limit is `times` or `plus` (us) the first; 3 us for what comes again."""
    prepare = jobs.pop("", None)
    measured: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(rounds):
        if prepare is not None:
            prepare(0)
        gc.collect()
        gc.disable()  # as timeit does
        for name, job in jobs.items():
            began = time.process_time()
            for number in range(calls):
                job(number)
            measured[name].append(1e6 * (time.process_time() - began) / calls)
        gc.enable()
    first, *others = jobs
    raw = statistics.median(measured[first])
    line(first, raw, "us cpu", p90=p90(measured[first]))
    for name in others:
        more = [each - base for each, base in zip(measured[name], measured[first], strict=True)]
        limit = None if "botocore" in name else 3.0 if "comes" in name else round(raw * times if times else raw + (plus or 0), 1)
        line(name, statistics.median(measured[name]), "us cpu", p90=p90(measured[name]), against=raw, limit=limit)
        if limit != 3.0:
            line("    more than the first, round by round", statistics.median(more), "us cpu")


# --- paint ----------------------------------------------------------------------------------------------------------

PLAIN = """import ipywidgets as w
slider, picture = w.IntSlider(3, 0, 50), w.HTML("<p>3</p>")
picture.add_class("cdnlab-picture")
slider.observe(lambda change: setattr(picture, "value", f"<p>{change['new']}</p>"), "value")
box = w.VBox([slider, picture])
box.add_class("cdnlab-panel")
box"""


def suite_paint(moves: int = 21) -> None:
    """From a key press on a control to the painting of the picture that answers it, in Chromium; beside the plainest ipywidgets slider."""
    import nbformat

    sys.path[:0] = [str(TESTS), str(TESTS / "browser")]
    from hand import ask, controls, settled
    from lab import Lesson, chromium, served
    from private_jupyter import private_jupyter

    from cdnlab.__main__ import copy_lessons
    from cdnlab.facts import lessons_path

    def measured(panel: Any, control: Any) -> list[float]:
        keys = {"range": ("ArrowRight", "ArrowLeft"), "select": ("ArrowDown", "ArrowUp")}.get(control.kind, ("Enter", "Enter"))
        for count in (3, moves):  # the first few warm up
            settled(panel)
            ask(panel, "stopwatch")
            for move in range(count):
                control.element.focus()
                panel.page.keyboard.press(keys[move % 2])
                panel.page.wait_for_timeout(250)
        return list(panel.evaluate("panel => panel.cdnlabTimes"))

    with private_jupyter(), TemporaryDirectory() as folder:
        lessons = Path(folder, "lessons")
        copy_lessons(lessons)
        peer = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(PLAIN)])
        peer.metadata = nbformat.from_dict(
            {"kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}}
        )
        nbformat.write(peer, lessons / "peer.ipynb")
        names = ["peer.ipynb", *sorted(path.name for path in lessons_path().glob("*.ipynb"))]
        first = 0.0
        with chromium(_chromium()) as browser, served(lessons, Path(folder, "log")) as address:
            for name in names:
                lesson = Lesson(browser, address, name)
                lesson.run_all()
                assert not lesson.failures(), lesson.failures()
                for panel in lesson.page.locator(".cdnlab-panel:not(.cdnlab-static)").all():
                    for control in controls(panel):
                        if control.kind not in ("range", "select", "button") or control.name in ("Start over", "Save this picture"):
                            continue
                        if over := panel.get_by_role("button", name="Start over").all():
                            over[0].press("Enter")
                        times = measured(panel, control)
                        if len(times) < moves // 2:
                            continue  # it answers only together with a press
                        median = statistics.median(times)
                        first = first or median
                        line(
                            f"{Path(name).stem}: {control.kind} {control.name}", median, "ms wall", p90=p90(times), against=first, limit=100
                        )
                lesson.close()


def _chromium() -> str:
    import shutil

    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        raise SystemExit("the paint suite needs Chromium")
    return found


SUITES: Mapping[str, Callable[[], None]] = {"import": suite_import, "hit": suite_hit, "sign": suite_sign, "paint": suite_paint}


def machine() -> Iterator[str]:
    yield f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    yield ", ".join(f"{name} {version(name)}" for name in ("cdnlab", *PEERS))


def main() -> None:
    parser = argparse.ArgumentParser(description="Time cdnlab beside its peers.")
    parser.add_argument("--suite", nargs="+", choices=sorted(SUITES), default=list(SUITES), help="default: all")
    chosen = parser.parse_args().suite
    print(*machine(), sep="\n")
    for name in chosen:
        print(f"\n{name}: {SUITES[name].__doc__}")
        SUITES[name]()
    print(f"\nload at the end {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
