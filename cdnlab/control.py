"""The control plane: boto3's calls, for everything an account holds.

There is one create, one get, one update, one delete and one list. What may be said, what must be, and how the answer
looks is read from AWS's service model; a kind of thing is a row of a table (`kinds.py`). Every config goes in and comes
out as a copy. A read gives an ETag, and a change needs it back as IfMatch, so that nobody overwrites what he has not
seen.

A new config routes at once; its Status turns from InProgress to Deployed after some simulated minutes. What the edges
must hear of, the service hears through three hooks: `_deployed`, `_removed`, `_invalidated`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from cdnlab.calls import Answer, Calls
from cdnlab.errors import APIError, ConfigError, Problem
from cdnlab.fields import Field
from cdnlab.holdings import COMPLETED_AFTER, DEPLOYED_AFTER, Holdings, managed_records, refuse
from cdnlab.invalidations import MAX_PATHS, check_invalidation, is_wildcard
from cdnlab.kinds import KINDS, Kind, Record, answer, page
from cdnlab.shapes import look, operation

__all__ = ["ControlPlane"]

MAX_WILDCARDS = 15  # in progress at one time, of one distribution
_VERBS = ("Create", "Get", "Update", "Delete", "List")


class ControlPlane(Holdings, Calls):
    """An account's CloudFront: distributions, invalidations, keys, identities and policies, under boto3's names.

    `clock`: tells the time (nothing here moves it); `seed`: makes ids, domain names and ETags, the same every time;
    `account_id`: the 12 digits in ARNs. Configs that AWS would refuse raise ConfigError with every problem; calls it
    would refuse raise APIError with its code.

    >>> from cdnlab.clock import SimulatedClock
    >>> from cdnlab.facts import json_file
    >>> plane = ControlPlane(SimulatedClock())
    >>> made = plane.create_distribution(DistributionConfig=json_file("configs", "cli_s3_minimal.json"))
    >>> made["Distribution"]["Status"], plane.list_distributions()["DistributionList"]["Quantity"]
    ('InProgress', 1)
    """

    # -- one mechanism for all calls

    def _call(self, operation_name: str, arguments: dict[str, Any]) -> Answer:
        model = operation(operation_name)
        _check_arguments(operation_name, model.input_shape, arguments)
        verb = next(each for each in _VERBS if operation_name.startswith(each))
        noun = operation_name.removeprefix(verb)
        if "Invalidation" in noun:
            method: Callable[..., Answer] = getattr(self, f"_{verb.lower()}_batch")
            return method(model, **arguments)
        kind = next(each for each in KINDS.values() if noun in (each.name, each.plural, each.config))
        method = self._get_config if noun == kind.config else getattr(self, f"_{verb.lower()}")
        return method(kind, model, **arguments)

    def _create(self, kind: Kind, model: Any, **arguments: Any) -> Answer:
        config = arguments[kind.config]
        if kind.name == "CloudFrontOriginAccessIdentity" and (same := self._sharing(kind, config, "CallerReference")):
            if same.config != config:
                raise refuse(kind.exists, f"CallerReference {config['CallerReference']!r} was used for {same.id}, with another comment")
            return self._got(kind, model, same)
        if len(self._records[kind.name]) >= kind.limit:
            raise refuse(kind.too_many, f"an account has up to {kind.limit} {kind.plural}")
        return self._got(kind, model, self._add(kind, self._new.for_kind(kind), config))

    def _get(self, kind: Kind, model: Any, Id: str) -> Answer:  # noqa: N803 (AWS's spelling)
        return self._got(kind, model, self._find(kind, Id))

    def _get_config(self, kind: Kind, model: Any, Id: str) -> Answer:  # noqa: N803
        record = self._find(kind, Id)
        return {kind.config: copy.deepcopy(record.config), "ETag": record.etag}

    def _update(self, kind: Kind, model: Any, Id: str, IfMatch: str = "", **arguments: Any) -> Answer:  # noqa: N803
        record, config = self._find(kind, Id), arguments[kind.config]
        _check_match(kind, record, IfMatch, "IllegalUpdate")
        reference = record.config.get("CallerReference")
        if kind.name != "PublicKey" and reference is not None and Field(config).text("CallerReference") not in ("", reference):
            raise refuse("IllegalUpdate", f"CallerReference cannot change; it is {reference!r}")
        past = record.past | {record.etag}
        changed = Record(record.id, config, self._new.some("E"), record.created, self._time.now(), dict(record.extra), past)
        self._put(kind, changed, record)
        return self._got(kind, model, changed)

    def _delete(self, kind: Kind, model: Any, Id: str, IfMatch: str = "") -> Answer:  # noqa: N803
        record = self._find(kind, Id)
        _check_match(kind, record, IfMatch, "IllegalDelete")
        if kind.name == "Distribution" and record.config["Enabled"]:
            raise refuse("DistributionNotDisabled", f"{Id} is enabled; update it with Enabled false before you delete it")
        if users := self._users(kind, Id):
            raise refuse(kind.in_use, f"{Id} is used by {', '.join(users)}")
        del self._records[kind.name][Id]
        if kind.name == "Distribution":
            self._batches.pop(Id, None)
            del self._distributions[Id]
            self._removed(Id)
        self._index()
        return {}

    def _list(self, kind: Kind, model: Any, Marker: str = "", MaxItems: str = "", Type: str = "") -> Answer:  # noqa: N803
        records = [*managed_records(kind), *self._records[kind.name].values()]
        records = [self._fresh(kind, record) for record in records if not Type or record.managed == (Type == "managed")]
        name, shape = next(iter(model.output_shape.members.items()))
        return {name: page(shape, records, kind.name, Marker, MaxItems)}

    # -- the parts of it

    def _got(self, kind: Kind, model: Any, record: Record) -> Answer:
        shapes = model.output_shape.members
        found = {kind.name: answer(shapes[kind.name], self._fresh(kind, record), kind.name), "ETag": record.etag}
        return {**found, "Location": _location(model, record.id)} if "Location" in shapes else found

    def _fresh(self, kind: Kind, record: Record) -> Record:
        """A record with what depends on the time, or on other records."""
        if kind.name != "Distribution":
            return record
        now, distribution = self._time.now(), self._distributions[record.id]
        record.extra["Status"] = "Deployed" if now >= record.modified + DEPLOYED_AFTER else "InProgress"
        record.extra["InProgressInvalidationBatches"] = len(self._in_progress(record.id))
        groups = list(dict.fromkeys(id for plan in distribution.plans for id in plan.trusted_key_groups))
        keys = [{"KeyGroupId": id, "KeyPairIds": _listed(self._records["KeyGroup"][id].config["Items"])} for id in groups]
        signers = dict.fromkeys(signer for plan in distribution.plans for signer in plan.trusted_signers)
        record.extra["ActiveTrustedKeyGroups"] = {"Enabled": bool(keys), **_listed(keys)}
        record.extra["ActiveTrustedSigners"] = {"Enabled": bool(signers), **_listed([{"AwsAccountNumber": each} for each in signers])}
        return record

    # -- invalidations

    def _create_batch(self, model: Any, DistributionId: str, InvalidationBatch: Mapping[str, Any]) -> Answer:  # noqa: N803
        self._find(KINDS["Distribution"], DistributionId)
        distribution, batch = self._distributions[DistributionId], Field(InvalidationBatch)
        check_invalidation(batch, tags=bool(distribution.cache_tag_header))
        if batch.findings.problems:
            raise ConfigError(batch.findings.problems)
        paths, reference = batch.texts("Paths"), batch.text("CallerReference")
        batches = self._batches.setdefault(DistributionId, {})
        record = next((each for each in batches.values() if each.config["CallerReference"] == reference), None)
        if record is not None and sorted(record.config["Paths"].get("Items", ())) != sorted(paths):
            raise APIError(
                "InvalidationBatchAlreadyExists", f"CallerReference {reference!r} was used for {record.id}, with other paths", 409
            )
        if record is None:
            waiting = [path for each in self._in_progress(DistributionId) for path in each.config["Paths"]["Items"]]
            wild = sum(map(is_wildcard, [*waiting, *paths]))
            if wild > MAX_WILDCARDS or len(waiting) + len(paths) - wild > MAX_PATHS:
                limits = f"{MAX_PATHS} paths and {MAX_WILDCARDS} paths that end with * in progress at one time"
                raise refuse("TooManyInvalidationsInProgress", f"a distribution has up to {limits}; wait until some are Completed")
            now = self._time.now()
            record = Record(self._new.some("I"), copy.deepcopy(dict(InvalidationBatch)), "", now, now)
            batches[record.id] = record
            self._invalidated(distribution, tuple(paths))
        location = _location(model, record.id).format(DistributionId=DistributionId)
        return {"Location": location, **self._told(model, record)}

    def _get_batch(self, model: Any, DistributionId: str, Id: str) -> Answer:  # noqa: N803
        self._find(KINDS["Distribution"], DistributionId)
        record = self._batches.get(DistributionId, {}).get(Id)
        if record is None:
            raise refuse("NoSuchInvalidation", f"distribution {DistributionId} has no invalidation {Id[:80]!r}")
        return self._told(model, record)

    def _list_batch(self, model: Any, DistributionId: str, Marker: str = "", MaxItems: str = "") -> Answer:  # noqa: N803
        self._find(KINDS["Distribution"], DistributionId)
        records = [self._with_status(record) for record in reversed(self._batches.get(DistributionId, {}).values())]
        return {"InvalidationList": page(model.output_shape.members["InvalidationList"], records, "Invalidation", Marker, MaxItems)}

    def _told(self, model: Any, record: Record) -> Answer:
        return {"Invalidation": answer(model.output_shape.members["Invalidation"], self._with_status(record), "Invalidation")}

    def _with_status(self, record: Record) -> Record:
        record.extra["Status"] = "Completed" if self._time.now() >= record.created + COMPLETED_AFTER else "InProgress"
        return record

    def _in_progress(self, distribution_id: str) -> list[Record]:
        batches = self._batches.get(distribution_id, {}).values()
        return [batch for batch in batches if self._time.now() < batch.created + COMPLETED_AFTER]


def _check_arguments(operation_name: str, shape: Any, arguments: Mapping[str, Any]) -> None:
    legal = ", ".join(shape.members)
    absent = [name for name in shape.required_members if name not in arguments]
    problems = [
        Problem("InvalidArgument", name, "", f"{operation_name} has no such argument", legal)
        for name in arguments
        if name not in shape.members
    ]
    problems += [Problem("InvalidArgument", name, "nothing", f"{operation_name} needs it", legal) for name in absent]
    for name, value in arguments.items():
        if name in shape.members and name != "DistributionConfig":  # which compile() looks at
            problems += look(value, shape.members[name], "" if name.endswith(("Config", "Batch")) else name).problems
    if problems:
        raise ConfigError(problems)


def _check_match(kind: Kind, record: Record, etag: str, illegal: str) -> None:
    if record.managed:
        raise refuse(illegal, f"{record.config['Name']} is managed by AWS and cannot be changed")
    if etag in record.past:
        raise refuse("PreconditionFailed", f"{kind.name} {record.id} has changed since ETag {etag}; read it again for the new one")
    if etag != record.etag:
        what = f"{etag[:80]!r} is no ETag it ever had" if etag else "it is missing"
        raise refuse("InvalidIfMatchVersion", f"IfMatch must be the ETag that reading {kind.name} {record.id} gives; {what}")


def _listed(items: list[Any]) -> dict[str, Any]:
    return {"Quantity": len(items), **({"Items": list(items)} if items else {})}


def _location(model: Any, id: str) -> str:
    return f"https://cloudfront.amazonaws.com{model.http['requestUri']}/{id}"
