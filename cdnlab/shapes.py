"""The shapes of AWS's API: which fields there are, of which type, which must be there.

Nothing of this is typed in by hand. botocore ships AWS's own service model; this module walks a value along one of
its shapes and tells what does not fit, with the path of the field, however deep. What a value means is the business of
`validation.py`; here a name is a name and a number a number.

The model is loaded when the first value is looked at, never by `import cdnlab`. A botocore older than a field does not
know it: an unknown field is a warning. Unless it is a known one misspelt; then it is a mistake.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from typing import Any, TypeAlias

from cdnlab.errors import Problem

Shape: TypeAlias = Any  # botocore.model.Shape; botocore is loaded later, and has no types of its own

__all__ = ["Findings", "Said", "error_status", "found", "idle", "look", "operation", "operation_shape", "shape_of"]

_TYPES: dict[str, tuple[Any, str]] = {
    "structure": (Mapping, 'a structure, {"Field": value, ...}'),
    "list": ((list, tuple), "a list, [item, ...]"),
    "string": (str, 'text, such as "abc"'),
    "integer": (int, "a whole number, such as 2"),
    "long": (int, "a whole number, such as 2"),
    "boolean": (bool, "true or false"),
    "double": ((int, float), "a number"),
    "float": ((int, float), "a number"),
}
# the enums whose wrong values have an error code of their own
_ENUM_CODES = {"MinimumProtocolVersion": "InvalidMinimumProtocolVersion", "GeoRestrictionType": "InvalidGeoRestrictionParameter"}
_NEWER_TLS = re.compile(r"TLSv1\.\d_20\d\d\Z")  # security policies are added over the years: only a warning


class Said(str):
    """Words about a value, to be shown as they are, without quotation marks."""

    __slots__ = ()


@dataclass(slots=True)
class Findings:
    """What was found: `problems` that AWS would refuse, `warnings` as (path, sentence)."""

    problems: list[Problem] = field(default_factory=list)
    warnings: list[tuple[str, str]] = field(default_factory=list)

    def add(self, code: str, path: str, seen: object, rule: str, legal: str = "") -> None:
        """One more problem; `seen` is shown shortened."""
        self.problems.append(Problem(code, path, found(seen), rule, legal))

    def warn(self, path: str, says: str) -> None:
        """One more warning."""
        self.warnings.append((path, says))


def found(value: object) -> str:
    """A value as a message shows it: short, whatever it is.

    >>> found({"a": 1}), found("x" * 100)[:6], found(None)
    ("a structure with 'a'", "'xxxxx", 'null')
    """
    if isinstance(value, Mapping):
        names = [repr(name)[:30] for name in list(value)[:3]]
        return "a structure with " + ", ".join(names) if names else "an empty structure"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if isinstance(value, Said):
        return str(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value.bit_length() > 200:
        return "a number of more than 60 digits"
    text = repr(value) if isinstance(value, str | int | float) else f"a {type(value).__name__}"
    return text if len(text) <= 80 else text[:76] + "..." + text[0]


@cache
def _model() -> Any:
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    return ServiceModel(Loader().load_service_model("cloudfront", "service-2"), "cloudfront")


def shape_of(name: str) -> Shape:
    """One shape of AWS's `cloudfront` service model, by name."""
    return _model().shape_for(name)


def operation(name: str) -> Any:
    """One operation of AWS's `cloudfront` service model, by name, such as CreateDistribution."""
    return _model().operation_model(name)


def operation_shape(name: str) -> Shape:
    """The input of one operation, such as CreateDistribution."""
    return operation(name).input_shape


@cache
def error_status(code: str) -> int:
    """The HTTP status that goes with an error code of the API; 400 where the model names none.

    >>> error_status("NoSuchOrigin"), error_status("InvalidArgument")
    (404, 400)
    """
    model = _model()
    if code not in model.shape_names:
        return 400
    return int(model.shape_for(code).metadata.get("error", {}).get("httpStatusCode", 400))


def look(value: object, shape: str | Shape, path: str = "", findings: Findings | None = None) -> Findings:
    """Walk a value along a shape and tell what does not fit. Works on any value and never raises.

    >>> look({"Quantity": 2, "Items": ["a"]}, "Aliases", "Aliases").problems[0].code
    'InconsistentQuantities'
    >>> print(look({"Quantity": "two"}, "Aliases", "Aliases").problems[0])
    Aliases.Quantity: found 'two'; wrong type; legal: a whole number, such as 2 [InvalidArgument]
    """
    findings = findings if findings is not None else Findings()
    _walk(value, shape_of(shape) if isinstance(shape, str) else shape, path, findings)
    return findings


def _walk(value: object, shape: Shape, path: str, findings: Findings) -> None:
    kind = shape.type_name
    expected, words = _TYPES.get(kind, (object, kind))
    if not isinstance(value, expected) or (isinstance(value, bool) and kind != "boolean"):
        findings.add("InvalidArgument", path, value, "wrong type", words + _hint(value, shape))
    elif kind == "structure":
        _walk_structure(value, shape, path, findings)
    elif kind == "list":
        _walk_list(value, shape, path, findings)
    elif kind == "string":
        _look_at_text(value, shape, path, findings)
    elif kind in ("double", "float"):
        low, high = shape.metadata.get("min"), shape.metadata.get("max")
        if (low is not None and value < low) or (high is not None and value > high):
            findings.add("InvalidArgument", path, value, "out of range", f"{low} to {high}")


def _hint(value: object, shape: Shape) -> str:
    if isinstance(value, list | tuple) and "Items" in getattr(shape, "members", ()):
        return '; the API has {"Quantity": n, "Items": [...]}, CloudFormation a plain list (read_config turns one into the other)'
    if shape.type_name in ("integer", "long") and isinstance(value, str) and value.isdigit():
        return "; leave out the quotation marks"
    if shape.type_name == "boolean" and isinstance(value, str) and value.lower() in ("true", "false"):
        return "; leave out the quotation marks"
    if shape.type_name == "string" and isinstance(value, int) and not isinstance(value, bool):
        return f'; write "{value}"' if value.bit_length() < 200 else ""
    if value is None:
        return "; leave the field out if it has no value"
    return ""


def _walk_structure(value: Mapping[Any, object], shape: Shape, path: str, findings: Findings) -> None:
    members = shape.members
    for name in shape.required_members:
        if name not in value:
            findings.add("InvalidArgument", _join(path, name), Said("nothing"), f"{name} is required", _legal(members[name]))
    for name, item in value.items():
        if name in members:
            _walk(item, members[name], _join(path, name), findings)
        else:
            _unknown(name, item, value, members, path, findings)
    if "Quantity" in members and "Items" in members:
        items, quantity = value.get("Items", ()), value.get("Quantity")
        if isinstance(items, list | tuple) and isinstance(quantity, int) and not isinstance(quantity, bool) and quantity != len(items):
            rule = f"Quantity is {found(quantity)}, but Items has {len(items)}"
            findings.add("InconsistentQuantities", _join(path, "Quantity"), quantity, rule, str(len(items)))


def _unknown(name: object, item: object, value: Mapping[Any, object], members: Mapping[str, Shape], path: str, findings: Findings) -> None:
    where = _join(path, name if isinstance(name, str) else repr(name)[:40])
    if not isinstance(name, str):
        findings.add("InvalidArgument", where, name, "the name of a field is text", ", ".join(sorted(members)))
        return
    absent = [each for each in members if each not in value]
    same = [each for each in absent if each.casefold() == name.casefold()]
    close = same or get_close_matches(name[:80], absent, n=1, cutoff=0.85)
    if close:
        findings.add("InvalidArgument", where, name, "there is no such field", f"did you mean {close[0]}?")
    elif not idle(item):
        findings.warn(where, "not a field that this botocore's model of the API knows here; cdnlab does not look at it")


def idle(item: object) -> bool:
    """Whether a field is set to nothing that matters: null, empty, false, 0, a Quantity of 0, not Enabled.

    >>> idle({"Quantity": 0}), idle({"Enabled": False, "Region": ""}), idle("x")
    (True, True, False)
    """
    if isinstance(item, Mapping):
        return item.get("Enabled", True) is False or all(value is None or value in ("", False, 0, [], {}) for value in item.values())
    return not item


def _walk_list(value: list[object], shape: Shape, path: str, findings: Findings) -> None:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and len(value) < low:
        findings.add("InvalidArgument", path, value, f"at least {low} needed", f"{low} items" if low == high else f"{low} or more items")
    if high is not None and len(value) > high:
        findings.add("InvalidArgument", path, value, f"at most {high} allowed", f"{high} items" if low == high else f"up to {high} items")
    member: Shape = shape.member
    for number, item in enumerate(value):
        _walk(item, member, f"{path}[{number}]", findings)


def _look_at_text(value: str, shape: Shape, path: str, findings: Findings) -> None:
    enum: list[str] = getattr(shape, "enum", [])
    if enum and value not in enum:
        if shape.name == "HttpVersion" and value.lower() in enum:
            return  # list_distributions answers HTTP2, create_distribution takes http2
        if shape.name == "MinimumProtocolVersion" and _NEWER_TLS.match(value):
            findings.warn(path, f"security policy {value!r} is newer than this botocore; cdnlab takes it as it is")
            return
        close = get_close_matches(value[:80], enum, n=1, cutoff=0.6)
        legal = ", ".join(enum) + (f"; did you mean {close[0]}?" if close else "")
        findings.add(_ENUM_CODES.get(shape.name, "InvalidArgument"), path, value, "not one of the legal values", legal)
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if (low is not None and len(value) < low) or (high is not None and len(value) > high):
        findings.add("InvalidArgument", path, value, f"{len(value)} characters", f"{low or 0} to {high} characters")


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _legal(shape: Shape) -> str:
    enum = getattr(shape, "enum", None)
    return ", ".join(enum) if enum else _TYPES.get(shape.type_name, (object, shape.type_name))[1]
