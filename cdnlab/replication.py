"""Replication: one bucket copies what is put into it to other buckets, some time later.

A rule names a destination, perhaps a prefix, and whether delete markers go along. Only what is put after the rule came
is copied; copies are not copied on; both sides keep versions, or it fails. It is asynchronous: AWS promises no time
(most objects within 15 minutes, says the guide; Replication Time Control makes an SLA of it), so the delay here is an
assumption and a knob. (S3 User Guide: replication, replication-what-is-isnot-replicated, replication-requirements.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from cdnlab.objects import StoredObject
from cdnlab.s3calls import invalid, known

__all__ = ["PROMISED_SECONDS", "REPLICATION_SECONDS", "ReplicationRule", "Sending", "parse_replication", "rules_for", "status_of"]

REPLICATION_SECONDS = 900.0
"""How long a copy takes, in seconds, unless told otherwise. Assumed: "most objects replicate within 15 minutes"."""


PROMISED_SECONDS = 900.0
"""How long a copy takes at most under Replication Time Control (99.99 % of them, says the SLA; here all)."""


class Destination(Protocol):
    """A bucket that copies go to."""

    def accept(self, at: float) -> None:
        """Take in the copies that have arrived by this moment."""


@dataclass(frozen=True, slots=True)
class ReplicationRule:
    """One rule: `prefix` of the keys it is for, `destination` (a bucket's name), whether `delete_markers` go along.

    `timed`: it has Replication Time Control.
    """

    id: str
    enabled: bool
    priority: int
    prefix: str
    destination: str
    delete_markers: bool
    timed: bool = False


@dataclass(eq=False, slots=True)
class Sending:
    """One copy on its way: it arrives at `due` (seconds since the epoch). `state`: PENDING, COMPLETED or FAILED."""

    object: StoredObject
    to: Destination | None
    due: float
    state: str = "PENDING"


def status_of(sendings: list[Sending], at: float) -> str:
    """x-amz-replication-status of an object at this moment; "" when no rule is for it."""
    for each in sendings:
        if each.to is not None:
            each.to.accept(at)
    states = {each.state for each in sendings}
    return next((state for state in ("FAILED", "PENDING", "COMPLETED") if state in states), "")


def rules_for(rules: tuple[ReplicationRule, ...], object: StoredObject) -> list[ReplicationRule]:
    """The rules that copy this object (or marker): for each destination the one of the highest priority."""
    best: dict[str, ReplicationRule] = {}
    for rule in rules:
        if rule.enabled and object.key.startswith(rule.prefix):
            known = best.get(rule.destination)
            if known is None or rule.priority > known.priority:
                best[rule.destination] = rule
    return [rule for rule in best.values() if rule.delete_markers or not object.deleted]


def parse_replication(config: Any) -> tuple[ReplicationRule, ...]:
    """The rules of a ReplicationConfiguration as boto3 takes it. Raises S3Error InvalidArgument with the place and what would work."""
    known("ReplicationConfiguration", config, "Role", "Rules")
    if not isinstance(config.get("Role"), str) or not config["Role"].startswith("arn:"):
        raise invalid("Role", config.get("Role"), "write the ARN of the IAM role that S3 copies as")
    rules = config.get("Rules")
    if not isinstance(rules, list | tuple) or not 1 <= len(rules) <= 1000:
        raise invalid("Rules", rules, "write 1 to 1,000 rules")
    parsed = tuple(_rule(f"Rules[{number}]", rule, len(rules)) for number, rule in enumerate(rules))
    numbers = [rule.priority for rule in parsed if rule.priority >= 0]
    if len(set(numbers)) < len(numbers):
        raise invalid("Rules", numbers, "each Priority is another number")
    return parsed


def _rule(path: str, rule: Any, count: int) -> ReplicationRule:
    known(path, rule, "ID", "Priority", "Status", "Filter", "Prefix", "DeleteMarkerReplication", "Destination")
    if rule.get("Status") not in ("Enabled", "Disabled"):
        raise invalid(f"{path}.Status", rule.get("Status"), "write Enabled or Disabled")
    target = rule.get("Destination")
    known(f"{path}.Destination", target, "Bucket", "ReplicationTime", "Metrics")
    arn = target.get("Bucket")
    if not isinstance(arn, str) or not arn.startswith("arn:aws") or ":s3:::" not in arn:
        raise invalid(f"{path}.Destination.Bucket", arn, "write the ARN of a bucket, such as arn:aws:s3:::copies")
    if "Filter" not in rule:  # the first version of the configuration
        if "DeleteMarkerReplication" in rule or "Priority" in rule:
            raise invalid(path, sorted(rule), "DeleteMarkerReplication and Priority need a Filter")
        return ReplicationRule(_id(path, rule), rule["Status"] == "Enabled", -1, _text(path, rule, "Prefix"), arn.split(":::")[1], True)
    known(f"{path}.Filter", rule["Filter"], "Prefix")
    markers, priority = rule.get("DeleteMarkerReplication"), rule.get("Priority", -1 if count == 1 else None)
    known(f"{path}.DeleteMarkerReplication", markers, "Status")
    if markers.get("Status") not in ("Enabled", "Disabled"):
        raise invalid(f"{path}.DeleteMarkerReplication.Status", markers.get("Status"), "write Enabled or Disabled")
    if isinstance(priority, bool) or not isinstance(priority, int):
        raise invalid(f"{path}.Priority", priority, "a rule with a Filter needs a number; the higher one wins")
    prefix = _text(f"{path}.Filter", rule["Filter"], "Prefix")
    name, on = arn.split(":::")[1], rule["Status"] == "Enabled"
    timed = _timed(f"{path}.Destination", target)
    return ReplicationRule(_id(path, rule), on, priority, prefix, name, markers["Status"] == "Enabled", timed)


def _timed(path: str, target: Mapping[str, Any]) -> bool:
    """Whether Replication Time Control is on; it needs metrics, and 15 minutes is all it knows."""
    for name, minutes in (("ReplicationTime", "Time"), ("Metrics", "EventThreshold")):
        setting = target.get(name, {"Status": "Disabled"})
        known(f"{path}.{name}", setting, "Status", minutes)
        if setting.get("Status") not in ("Enabled", "Disabled") or setting.get(minutes, {"Minutes": 15}) != {"Minutes": 15}:
            raise invalid(f"{path}.{name}", setting, f'write {{"Status": "Enabled", "{minutes}": {{"Minutes": 15}}}}')
    timed, measured = (target.get(name, {}).get("Status") == "Enabled" for name in ("ReplicationTime", "Metrics"))
    if timed and not measured:
        raise invalid(f"{path}.Metrics", target.get("Metrics"), "Replication Time Control needs Metrics to be Enabled")
    return bool(timed)


def _id(path: str, rule: Mapping[str, Any]) -> str:
    return _text(path, rule, "ID") or path


def _text(path: str, value: Mapping[str, Any], name: str) -> str:
    text = value.get(name, "")
    if not isinstance(text, str):
        raise invalid(f"{path}.{name}", text, "write a text")
    return text
