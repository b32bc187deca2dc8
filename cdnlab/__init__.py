"""cdnlab: the CloudFront you can see through.

The public names are few, and each is loaded from its module when it is first used, so that `import cdnlab` costs next
to nothing and brings in no table, chart or widget library. Modules with more to offer: `cdnlab.clock`, `.errors`, `.logs`,
`.signing`, `.costs`, `.traces`.

>>> from cdnlab import SimulatedClock
>>> print(SimulatedClock("2026-01-01T00:00:00Z"))
2026-01-01T00:00:00Z
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cdnlab import clock as clock
    from cdnlab import errors as errors
    from cdnlab import logs as logs
    from cdnlab import signing as signing
    from cdnlab.bucket import Bucket
    from cdnlab.clock import SimulatedClock
    from cdnlab.cloudfront import CloudFront
    from cdnlab.errors import CdnlabError
    from cdnlab.journey import Journey
    from cdnlab.mediachannel import MediaChannel
    from cdnlab.messages import Headers, Request, Response
    from cdnlab.s3endpoint import S3Endpoint
    from cdnlab.viewers import Viewer
    from cdnlab.webserver import WebServer

__version__ = "0.1.0"

__all__ = [
    "Bucket",
    "CdnlabError",
    "CloudFront",
    "Headers",
    "Journey",
    "MediaChannel",
    "Request",
    "Response",
    "S3Endpoint",
    "SimulatedClock",
    "Viewer",
    "WebServer",
]

_HOME = {
    "Bucket": "bucket",
    "CdnlabError": "errors",
    "CloudFront": "cloudfront",
    "Headers": "messages",
    "Journey": "journey",
    "MediaChannel": "mediachannel",
    "Request": "messages",
    "Response": "messages",
    "S3Endpoint": "s3endpoint",
    "SimulatedClock": "clock",
    "Viewer": "viewers",
    "WebServer": "webserver",
}

_MODULES = ("clock", "errors", "logs", "signing")


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"cdnlab.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'cdnlab' has no attribute {name!r}; it offers {', '.join(__all__)}")
    value = globals()[name] = getattr(import_module(f"cdnlab.{_HOME[name]}"), name)
    return value


def __dir__() -> list[str]:
    return [*__all__, *_MODULES, "__version__"]
