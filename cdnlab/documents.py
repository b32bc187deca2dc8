"""Configs as people have them: what boto3 takes, what the CLI prints, what a CloudFormation template says.

    {"CallerReference": ...}                          the DistributionConfig itself
    {"ETag": ..., "DistributionConfig": {...}}        aws cloudfront get-distribution-config
    {"Distribution": {"DistributionConfig": ...}}     aws cloudfront get-distribution
    {"DistributionList": {"Items": [...]}}            aws cloudfront list-distributions, with one distribution
    {"Type": "AWS::CloudFront::Distribution", ...}    a CloudFormation resource
    {"Resources": {...}}                              a CloudFormation template with one distribution, JSON or YAML

`read_config` takes any of them, as text or as parsed values, and gives the DistributionConfig that boto3 would take.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cdnlab.account import Account
from cdnlab.cloudformation import DISTRIBUTION, to_api
from cdnlab.errors import ConfigError, Problem
from cdnlab.intrinsics import Resolver, stand_in
from cdnlab.shapes import Said, found, shape_of

__all__ = ["Document", "read_config"]

_SUMMARY_ONLY = ("Id", "ARN", "ETag", "Status", "LastModifiedTime", "DomainName", "AliasICPRecordals")


@dataclass(frozen=True, slots=True)
class Document:
    """A document that was read. `config`: the DistributionConfig; `form`: what it was; `id`, `domain_name`, `etag`: "" if it
    did not say; `warnings`: what had to be guessed; `account`: the policies and key groups that the same template makes.
    """

    config: dict[str, Any]
    form: str
    id: str = ""
    domain_name: str = ""
    etag: str = ""
    warnings: tuple[str, ...] = ()
    account: Account = field(default_factory=Account)


def read_config(document: str | bytes | Mapping[str, Any]) -> Document:
    """The DistributionConfig in a document, whatever form it has.

    `document`: JSON or YAML text, or what was parsed from it. Raises ConfigError when there is none in it, or more than
    one; whether AWS would take the config is for `validation.check` to say.

    >>> read_config('{"ETag": "E1", "DistributionConfig": {"Comment": "mine"}}').config
    {'Comment': 'mine'}
    """
    try:
        value, warnings = _parsed(document) if isinstance(document, str | bytes) else (document, [])
        if not isinstance(value, Mapping):
            raise _wrong(value, "a document is a structure")
        read = _read(value)
    except RecursionError:
        raise _wrong(Said("a document nested too deeply"), "cannot be read") from None
    if not warnings:
        return read
    return Document(read.config, read.form, read.id, read.domain_name, read.etag, (*warnings, *read.warnings), read.account)


def _wrong(value: object, rule: str, path: str = "") -> ConfigError:
    legal = "a DistributionConfig, the output of get-distribution-config, or a CloudFormation template with one distribution"
    return ConfigError([Problem("InvalidArgument", path, found(value), rule, legal)])


def _read(value: Mapping[str, Any]) -> Document:
    if isinstance(value.get("Resources"), Mapping):
        return _from_template(value)
    if value.get("Type") == DISTRIBUTION:
        return _from_template({"Resources": {"Distribution": value}})
    if isinstance(value.get("Distribution"), Mapping):
        inner = value["Distribution"]
        return _from_api(inner.get("DistributionConfig"), "get-distribution", {**inner, "ETag": value.get("ETag", "")})
    if isinstance(inner := value.get("DistributionConfigWithTags"), Mapping):
        return _from_api(inner.get("DistributionConfig"), "create-distribution-with-tags", {})
    if isinstance(value.get("DistributionConfig"), Mapping):
        return _from_api(value["DistributionConfig"], "get-distribution-config", value)
    if isinstance(inner := value.get("DistributionList"), Mapping):
        items = inner.get("Items") or []
        if not isinstance(items, list) or len(items) != 1 or not isinstance(items[0], Mapping):
            raise _wrong(Said(f"a list of {len(items)} distributions"), "one distribution at a time", "DistributionList.Items")
        return _from_summary(items[0])
    if "ARN" in value and "DomainName" in value and "Origins" in value:
        return _from_summary(value)
    return _from_api(value, "DistributionConfig", {})


def _from_api(config: Any, form: str, around: Mapping[str, Any]) -> Document:
    if not isinstance(config, Mapping):
        raise _wrong(config, f"{form} without a DistributionConfig")
    if isinstance(config.get("Origins"), list):
        return Document(to_api(config, "DistributionConfig"), "CloudFormation DistributionConfig")
    id, domain_name, etag = (str(around.get(name) or "") for name in ("Id", "DomainName", "ETag"))
    return Document(dict(config), form, id, domain_name, etag)


def _from_summary(summary: Mapping[str, Any]) -> Document:
    config = {name: value for name, value in summary.items() if name not in _SUMMARY_ONLY}
    config = {"CallerReference": str(summary.get("Id", "summary")), **config}
    says = "a summary of list-distributions has no CallerReference, DefaultRootObject or Logging; get-distribution-config has"
    return Document(config, "list-distributions", str(summary.get("Id", "")), str(summary.get("DomainName", "")), "", (says,))


def _from_template(template: Mapping[str, Any]) -> Document:
    resources = template["Resources"]
    names = [name for name, resource in resources.items() if isinstance(resource, Mapping) and resource.get("Type") == DISTRIBUTION]
    if len(names) != 1:
        seen = Said(", ".join(map(str, names[:5])) or f"no {DISTRIBUTION}")
        raise _wrong(seen, "a template with exactly one distribution can be read", "Resources")
    resolver = Resolver(template)
    path = f"Resources.{names[0]}.Properties"
    properties = resolver.resolve(resources[names[0]].get("Properties", {}), path)
    config = properties.get("DistributionConfig") if isinstance(properties, Mapping) else None
    if not isinstance(config, Mapping):
        raise _wrong(config, "a distribution has a DistributionConfig", f"{path}.DistributionConfig")
    account = _account(resolver)
    warnings = tuple(dict.fromkeys(f"{where}: {says}" for where, says in resolver.warnings))
    return Document(to_api(config, "DistributionConfig"), "CloudFormation", warnings=warnings, account=account)


def _account(resolver: Resolver) -> Account:
    """The policies and key groups that the template itself makes, under the ids that stand in for theirs."""
    made: dict[str, dict[str, Any]] = {"CachePolicy": {}, "OriginRequestPolicy": {}, "ResponseHeadersPolicy": {}, "KeyGroup": {}}
    for name, resource in resolver.resources.items():
        kind = str(resource.get("Type", "")).removeprefix("AWS::CloudFront::") if isinstance(resource, Mapping) else ""
        if kind in made:
            properties = Resolver({"Resources": resolver.resources, "Parameters": resolver.parameters}).resolve(resource.get("Properties"))
            config = properties.get(f"{kind}Config") if isinstance(properties, Mapping) else None
            if isinstance(config, Mapping):
                made[kind][stand_in(str(name), resource["Type"])] = to_api(config, shape_of(f"{kind}Config"))
    return Account(made["CachePolicy"], made["OriginRequestPolicy"], made["ResponseHeadersPolicy"], frozenset(made["KeyGroup"]))


def _parsed(document: str | bytes) -> tuple[Any, list[str]]:
    """A JSON or YAML text, and what is odd about it."""
    try:
        text = document.decode("utf-8-sig") if isinstance(document, bytes) else document.removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise _wrong(Said("bytes that are no UTF-8"), "cannot be read") from None
    warnings: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in items]
        warnings.extend(
            f"the field {name!r} is there twice in one structure; the last one counts" for name in set(names) if names.count(name) > 1
        )
        return dict(items)

    try:
        return json.loads(text, object_pairs_hook=pairs), warnings
    except ValueError as error:
        if text.lstrip()[:1] in ("{", "[") and isinstance(error, json.JSONDecodeError):
            try:
                return _yaml(text), []
            except ConfigError:
                raise _wrong(Said(f"line {error.lineno}, column {error.colno}: {error.msg}"), "cannot be read as JSON") from None
        return _yaml(text), []


def _yaml(text: str) -> Any:
    import yaml

    class Loader(yaml.SafeLoader):
        """Safe YAML with CloudFormation's short tags, and like CloudFormation without aliases."""

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.events.AliasEvent):
                raise yaml.YAMLError("CloudFormation has no YAML aliases (*name)")
            return super().compose_node(parent, index)

    def tagged(loader: Any, suffix: str, node: Any) -> Any:
        if isinstance(node, yaml.ScalarNode):
            value: Any = loader.construct_scalar(node)
        elif isinstance(node, yaml.SequenceNode):
            value = loader.construct_sequence(node, deep=True)
        else:
            value = loader.construct_mapping(node, deep=True)
        return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}

    Loader.add_multi_constructor("!", tagged)
    try:
        return yaml.load(text, Loader)  # noqa: S506 (a SafeLoader)
    except (yaml.YAMLError, ValueError, TypeError, AttributeError) as error:
        raise _wrong(Said(" ".join(str(error).split())[:120]), "cannot be read, neither as JSON nor as YAML") from None
