"""What an account holds: a record of every thing, checked before it is kept, and who refers to whom.

Records refer to each other by id: a distribution to policies, key groups and identities, a key group to public keys. So
a change of one thing may concern others, and nothing goes that is still in use. Distributions are kept twice: as the
config that was given, and compiled, with an index of the host names they answer for.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from typing import Any

from cdnlab.account import Account
from cdnlab.clock import Clock
from cdnlab.distribution import Distribution, compile
from cdnlab.documents import read_config
from cdnlab.errors import APIError, ConfigError, InputError, Problem
from cdnlab.fields import Field
from cdnlab.keys import PublicKey
from cdnlab.kinds import KINDS, Ids, Kind, Record
from cdnlab.messages import Request
from cdnlab.oai import Identity
from cdnlab.particulars import check_particulars
from cdnlab.plan import Plan
from cdnlab.policies import managed_policies, policy_problems
from cdnlab.response_headers import response_headers_policy
from cdnlab.shapes import error_status, found, look

__all__ = ["COMPLETED_AFTER", "DEPLOYED_AFTER", "Holdings", "managed_records", "refuse"]

DEPLOYED_AFTER = 300.0  # seconds until Status is Deployed; AWS promises no number
COMPLETED_AFTER = 30.0  # seconds until an invalidation is Completed; "within seconds"

_MANAGED_SINCE = 1_590_883_200.0  # 2020-05-31, the version of the API
_MANAGED_ETAG = "E23ZP02F085DFQ"
_ID = re.compile(r"[A-Za-z0-9\-]{1,64}\Z")
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9.\-]{0,252}\Z")


def refuse(code: str, message: str) -> APIError:
    """An APIError with the HTTP status that AWS's model gives this code."""
    return APIError(code, message, error_status(code))


class Holdings:
    """Everything an account holds. `clock`, `seed`, `account_id`: as for the ControlPlane, which adds the calls."""

    def __init__(self, clock: Clock, seed: int = 0, *, account_id: str = "111122223333") -> None:
        if not isinstance(account_id, str) or not (len(account_id) == 12 and account_id.isascii() and account_id.isdecimal()):
            raise InputError(f"account_id is {account_id!r}; give the account's 12 digits, such as '111122223333'")
        self._time, self._new, self._account_id = clock, Ids(seed), account_id
        self._records: dict[str, dict[str, Record]] = {name: {} for name in KINDS}
        self._batches: dict[str, dict[str, Record]] = {}
        self._distributions: dict[str, Distribution] = {}
        self._hosts: dict[str, str] = {}
        self._adopting = False
        self._rings: dict[tuple[tuple[str, ...], tuple[str, ...]], Mapping[str, PublicKey]] = {}

    # -- for the service

    def _deployed(self, distribution: Distribution) -> None:
        """A distribution is new or has changed."""

    def _removed(self, id: str) -> None:
        """A distribution is gone."""

    def _invalidated(self, distribution: Distribution, paths: Sequence[str]) -> None:
        """These paths (or `#tags`) are to be removed from every cache."""

    def _distribution_for(self, host: str) -> Distribution | None:
        """The distribution that answers for a host name: its own name, an alias, or the most specific wildcard."""
        name = host.lower().removesuffix(":443").removesuffix(":80").removesuffix(".")
        id = self._hosts.get(name)
        while id is None and "." in name:
            name = name.partition(".")[2]
            id = self._hosts.get(f"*.{name}")
        return None if id is None else self._distributions[id]

    def _known_hosts(self) -> list[str]:
        """Every host name and wildcard that leads to a distribution."""
        return sorted(self._hosts)

    def _trusted(self, plan: Plan) -> Mapping[str, PublicKey]:
        """The public keys that a behaviour trusts, by id: those of its key groups, and the account's legacy key pairs (SIGN-22)."""
        ring = plan.trusted_key_groups, plan.trusted_signers
        if ring not in self._rings:
            groups, keys = self._records["KeyGroup"], self._records["PublicKey"]
            ids = [id for group in plan.trusted_key_groups if group in groups for id in groups[group].config["Items"]]
            if {"self", self._account_id} & set(plan.trusted_signers):
                ids += [id for id in keys if id.startswith("APKA")]
            self._rings[ring] = {id: PublicKey.from_pem(keys[id].config["EncodedKey"]) for id in ids}
        return self._rings[ring]

    def _oai(self, id: str) -> Identity:
        """The identity that CloudFront shows for an OAI, known to this account or not."""
        record = self._records["CloudFrontOriginAccessIdentity"].get(id)
        return Identity.oai(id, record.extra["S3CanonicalUserId"] if record else "")

    def _oac_signs(self, id: str, request: Request) -> bool:
        """Whether CloudFront signs this origin request for an OAC; one unknown to this account always signs."""
        record = self._records["OriginAccessControl"].get(id)
        behavior = record.config["SigningBehavior"] if record else "always"
        return behavior in ("always", "always-amz-auth") or (behavior == "no-override" and "Authorization" not in request.headers)

    # -- what exists on AWS already

    def adopt(
        self,
        *,
        public_keys: Mapping[str, str] | None = None,
        key_groups: Mapping[str, Sequence[str]] | None = None,
        origin_access_identities: Mapping[str, str] | None = None,
        origin_access_controls: Mapping[str, Mapping[str, Any]] | None = None,
        cache_policies: Mapping[str, Mapping[str, Any]] | None = None,
        origin_request_policies: Mapping[str, Mapping[str, Any]] | None = None,
        response_headers_policies: Mapping[str, Mapping[str, Any]] | None = None,
        distributions: Mapping[str, tuple[str, Mapping[str, Any] | str]] | None = None,
    ) -> None:
        """Take things over under the ids they already have on AWS.

        `public_keys`: {id: PEM}; `key_groups`: {id: [key ids]}; `origin_access_identities`: {id: S3CanonicalUserId};
        policies and access controls: {id: config}; `distributions`: {id: (domain name, config)}, the config in any form
        that `read_config` knows. All or nothing: raises ConfigError or APIError with nothing taken over.
        """
        wanted: list[tuple[Kind, str, Any, dict[str, str]]] = []
        for argument, name, given in (
            ("public_keys", "PublicKey", public_keys),
            ("key_groups", "KeyGroup", key_groups),
            ("origin_access_identities", "CloudFrontOriginAccessIdentity", origin_access_identities),
            ("origin_access_controls", "OriginAccessControl", origin_access_controls),
            ("cache_policies", "CachePolicy", cache_policies),
            ("origin_request_policies", "OriginRequestPolicy", origin_request_policies),
            ("response_headers_policies", "ResponseHeadersPolicy", response_headers_policies),
            ("distributions", "Distribution", distributions),
        ):
            if given is not None and not isinstance(given, Mapping):
                raise InputError(f"adopt: {argument} is {found(given)}; give a mapping from ids to what they stand for")
            for id, value in (given or {}).items():
                config, more = _as_config(argument, name, id, value)
                wanted.append((KINDS[name], id, config, more))
        self._adopting = True
        before = {name: dict(records) for name, records in self._records.items()}, dict(self._distributions)
        try:
            for kind, id, config, more in wanted:
                if id in self._records[kind.name]:
                    raise refuse("EntityAlreadyExists", f"this account has a {kind.name} {id!r} already")
                self._add(kind, id, config, **more).modified -= DEPLOYED_AFTER  # it was there long ago
        except BaseException:
            added = self._distributions.keys() - before[1].keys()
            self._records, self._distributions = before
            self._index()
            for id in added:
                self._removed(id)
            raise
        finally:
            self._adopting = False

    # -- records

    def _find(self, kind: Kind, id: str) -> Record:
        found = self._records[kind.name].get(id) or next((record for record in managed_records(kind) if record.id == id), None)
        if found is None:
            known = ", ".join(list(self._records[kind.name])[:5]) or "none"
            raise refuse(kind.missing, f"there is no {kind.name} {id[:80]!r}; this account has {known}")
        return found

    def _sharing(self, kind: Kind, config: Any, field: str) -> Record | None:
        wanted = Field(config).text(field)
        return next((each for each in self._records[kind.name].values() if wanted and each.config.get(field) == wanted), None)

    def _put(self, kind: Kind, record: Record, old: Record | None) -> None:
        """Check a record with a config as the caller gave it, keep it with a copy, compile what it concerns."""
        made = self._compiled(record) if kind.name == "Distribution" else None
        if made is None:
            _check(kind, record.id, record.config, self._records, old)
        for field in ("CallerReference", "Name") if kind.name == "PublicKey" else (kind.unique,):
            same = self._sharing(kind, record.config, field)
            if same is not None and same.id != record.id:
                raise refuse(kind.exists, f"{field} {same.config[field]!r} is taken: {kind.name} {same.id} has it")
        if made and self._hosts.get(made.domain_name, record.id) != record.id:
            raise refuse("EntityAlreadyExists", f"{made.domain_name} is the name of distribution {self._hosts[made.domain_name]} already")
        for alias in made.aliases if made else ():
            if self._hosts.get(alias, record.id) != record.id:
                raise refuse("CNAMEAlreadyExists", f"{alias} is an alias of distribution {self._hosts[alias]} already")
        record.config = copy.deepcopy(dict(record.config))
        self._records[kind.name][record.id] = record
        using = self._users(kind, record.id) if old is not None and kind.managed else []
        changed = [made] if made else [self._compiled(self._records["Distribution"][id]) for id in using]
        for distribution in changed:
            self._distributions[distribution.id] = distribution
        self._index()
        for distribution in changed:
            self._deployed(distribution)

    def _compiled(self, record: Record) -> Distribution:
        extra = record.extra
        own = {name: {id: each.config for id, each in records.items()} for name, records in self._records.items()}
        account = Account(
            own["CachePolicy"],
            own["OriginRequestPolicy"],
            own["ResponseHeadersPolicy"],
            frozenset(own["KeyGroup"]),
            frozenset(own["CloudFrontOriginAccessIdentity"]),
            own["OriginAccessControl"],
            self._elsewhere(record),
        )
        return compile(record.config, id=record.id, domain_name=extra["DomainName"], arn=extra["ARN"], account=account)

    def _elsewhere(self, record: Record) -> frozenset[str]:
        """The OAIs and OACs that distributions refer to already, and all of one that is just taken over: they exist on AWS."""
        documents = [each.config for each in self._records["Distribution"].values()] + ([record.config] if self._adopting else [])
        origins = [origin for config in documents for origin in Field(config).items("Origins")]
        paths = [origin.node("S3OriginConfig").text("OriginAccessIdentity") for origin in origins]
        return frozenset(path.rpartition("/")[2] for path in paths) | {origin.text("OriginAccessControlId") for origin in origins}

    def _index(self) -> None:
        self._hosts, self._rings = {}, {}
        for id, distribution in self._distributions.items():
            self._hosts |= dict.fromkeys((*distribution.aliases, distribution.domain_name), id)

    def _users(self, kind: Kind, id: str) -> list[str]:
        """Who refers to a thing by its id, so that it cannot go."""
        if kind.name == "PublicKey":
            return [group for group, record in self._records["KeyGroup"].items() if id in record.config["Items"]]
        return [name for name, record in self._records["Distribution"].items() if name != id and _mentions(record.config, id)]

    def _add(self, kind: Kind, id: str, config: Any, domain_name: str = "", canonical_user: str = "") -> Record:
        now = self._time.now()
        record = Record(id, config, self._new.some("E"), now, now)
        if kind.name == "CloudFrontOriginAccessIdentity":
            record.extra["S3CanonicalUserId"] = canonical_user or self._new.canonical_user()
        if kind.name == "Distribution":
            record.extra["ARN"] = f"arn:aws:cloudfront::{self._account_id}:distribution/{id}"
            record.extra["DomainName"] = domain_name or self._new.domain_name()
        self._put(kind, record, None)
        return record


def managed_records(kind: Kind) -> list[Record]:
    policies = managed_policies(kind.managed) if kind.managed else ()
    since = _MANAGED_SINCE
    return [Record(policy.id, dict(policy.config), _MANAGED_ETAG, since, since, managed=True) for policy in policies]


def _mentions(value: Any, id: str) -> bool:
    if isinstance(value, Mapping):
        return any(_mentions(each, id) for each in value.values())
    if isinstance(value, list | tuple):
        return any(_mentions(each, id) for each in value)
    return isinstance(value, str) and (value == id or value.endswith(f"/{id}"))


def _check(kind: Kind, id: str, config: Any, held: Mapping[str, Mapping[str, Record]], old: Record | None) -> None:
    """The meaning of a config that has the right shape; a distribution's is looked at when it is compiled."""
    field = Field(config)
    check_particulars(kind.name, id, field, held, old)
    if kind.managed in ("cache", "origin-request"):
        field.findings.problems += policy_problems(kind.managed, config)
    if field.findings.problems:
        raise ConfigError(field.findings.problems)
    if kind.managed == "response-headers":
        response_headers_policy(config)


def _as_config(argument: str, name: str, id: Any, value: Any) -> tuple[Any, dict[str, str]]:
    """What `adopt` was given for one id, as the config that `create_` would have taken, and what goes with it."""
    where = f"{argument}[{id!r}]"
    if not isinstance(id, str) or not _ID.match(id):
        raise ConfigError([Problem("InvalidArgument", argument, found(id), "not an id", "letters, digits and hyphens, as AWS shows it")])
    if name == "PublicKey":
        return _shaped(name, {"CallerReference": id, "Name": id, "EncodedKey": value}, where), {}
    if name == "KeyGroup":
        return _shaped(name, {"Name": id, "Items": list(value) if isinstance(value, list | tuple) else value}, where), {}
    if name == "CloudFrontOriginAccessIdentity":
        if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{64}", value):
            raise ConfigError([Problem("InvalidArgument", where, found(value), "not an S3CanonicalUserId", "64 hex digits")])
        return {"CallerReference": id, "Comment": ""}, {"canonical_user": value}
    if name != "Distribution":
        inner = value.get(f"{name}Config", value) if isinstance(value, Mapping) else value
        return _shaped(name, inner, where), {}
    if not isinstance(value, list | tuple) or len(value) != 2 or not isinstance(value[0], str) or not _HOST.match(value[0]):
        rule = "a distribution is taken over with its domain name and its config"
        raise ConfigError([Problem("InvalidArgument", where, found(value), rule, '("d111111abcdef8.cloudfront.net", {...})')])
    return read_config(value[1]).config, {"domain_name": value[0]}


def _shaped(name: str, config: Any, where: str) -> Any:
    if problems := look(config, f"{name}Config", where).problems:
        raise ConfigError(problems)
    return config
