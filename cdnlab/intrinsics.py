"""CloudFormation's intrinsic functions, as far as a template alone can answer them.

`Ref`, `Fn::GetAtt`, `Fn::Sub` and the rest ask for things that exist only after a deployment. What the template says (a
parameter's default, a mapping, a condition on those) is worked out. For what it does not say there is a stand-in that
looks like the real thing, with a warning: a bucket's domain name looks like one, an identity's id like one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["ABSENT", "Resolver", "stand_in"]

ABSENT = object()  # AWS::NoValue: the field is left out
_PSEUDO: Mapping[str, Any] = {
    "AWS::AccountId": "111122223333",
    "AWS::Region": "us-east-1",
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": "stack",
    "AWS::StackId": "arn:aws:cloudformation:us-east-1:111122223333:stack/stack/1",
    "AWS::NoValue": ABSENT,
}
_WEB_ACL = "arn:aws:wafv2:us-east-1:111122223333:global/webacl/placeholder/00000000-0000-0000-0000-000000000000"
_VARIABLE = re.compile(r"\$\{(!?)([^}]*)\}")
_IDENTITIES = ("AWS::CloudFront::CloudFrontOriginAccessIdentity", "AWS::CloudFront::OriginAccessControl", "AWS::CloudFront::PublicKey")


def stand_in(name: str, kind: str, attribute: str = "") -> str:
    """A text in place of what only a deployed stack knows about a resource.

    >>> stand_in("Photos", "AWS::S3::Bucket", "RegionalDomainName"), stand_in("MyOAI", "AWS::CloudFront::CloudFrontOriginAccessIdentity")
    ('photos.s3.us-east-1.amazonaws.com', 'EMYOAI')
    """
    word = re.sub(r"[^A-Za-z0-9]", "", name) or "x"
    host = word.lower()
    if attribute == "Version" or (not kind and not attribute and host.endswith("version")):
        return "1"
    if kind in _IDENTITIES:
        return ("K" if kind.endswith("PublicKey") else "E") + word.upper()
    hosts = {
        "RegionalDomainName": f"{host}.s3.us-east-1.amazonaws.com",
        "DomainName": f"{host}.s3.amazonaws.com" if kind in ("", "AWS::S3::Bucket") else f"{host}.example.com",
        "DualStackDomainName": f"{host}.s3.dualstack.us-east-1.amazonaws.com",
        "WebsiteURL": f"http://{host}.s3-website-us-east-1.amazonaws.com",
        "DNSName": f"{host}.us-east-1.elb.amazonaws.com",
        "FunctionUrl": f"https://{host}.lambda-url.us-east-1.on.aws/",
        "FunctionARN": f"arn:aws:cloudfront::111122223333:function/{word}",
        "RegionalHostedZoneName": f"{host}.example.com",
    }
    if attribute in hosts:
        return hosts[attribute]
    if attribute.lower().endswith("arn") or kind == "AWS::CertificateManager::Certificate":
        return f"arn:aws:placeholder:us-east-1:111122223333:{word}"
    return host if kind == "AWS::S3::Bucket" else word


class Resolver:
    """Works out the intrinsic functions in one template. `warnings`: (path, sentence) for every stand-in.

    >>> Resolver({"Parameters": {"Ttl": {"Default": "60"}}}).resolve({"MinTTL": {"Ref": "Ttl"}})
    {'MinTTL': '60'}
    """

    def __init__(self, template: Mapping[str, Any]) -> None:
        self.parameters, self.resources, self.conditions, self.mappings = (
            template[name] if isinstance(template.get(name), Mapping) else {}
            for name in ("Parameters", "Resources", "Conditions", "Mappings")
        )
        self.warnings: list[tuple[str, str]] = []

    def resolve(self, value: Any, path: str = "") -> Any:
        """A value with its functions worked out; ABSENT for AWS::NoValue."""
        if isinstance(value, Mapping):
            if len(value) == 1:
                name, inside = next(iter(value.items()))
                function = getattr(self, f"_{str(name).removeprefix('Fn::').lower()}", None) if isinstance(name, str) else None
                if (
                    name == "Ref"
                    or (name == "Condition" and isinstance(inside, str))
                    or (isinstance(name, str) and name.startswith("Fn::"))
                ):
                    return function(inside, path) if function else self._unknown(name, path)
            found = {name: self.resolve(item, f"{path}.{name}" if path else str(name)) for name, item in value.items()}
            return {name: item for name, item in found.items() if item is not ABSENT}
        if isinstance(value, list):
            items = [self.resolve(item, f"{path}[{number}]") for number, item in enumerate(value)]
            return [item for item in items if item is not ABSENT]
        return value

    def _unknown(self, name: Any, path: str) -> str:
        self._warn(path, f"{name} cannot be worked out from the template")
        return self._like("placeholder", path)

    @staticmethod
    def _like(found: str, path: str) -> str:
        """The stand-in, made to look like what this field takes."""
        return _WEB_ACL if path.endswith(".WebACLId") and not found.startswith("arn:") else found

    def _warn(self, path: str, says: str) -> None:
        self.warnings.append((path, says))

    def _text(self, value: Any) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        return "" if value is ABSENT or value is None else str(value)

    def _ref(self, name: Any, path: str) -> Any:
        if not isinstance(name, str):
            return self._unknown("Ref", path)
        if name in _PSEUDO:
            return _PSEUDO[name]
        parameter = self.parameters.get(name)
        if isinstance(parameter, Mapping):
            if "Default" in parameter:
                return parameter["Default"]
            allowed = parameter.get("AllowedValues")
            found = allowed[0] if isinstance(allowed, list) and allowed else None
            if found is None:
                found = 0 if parameter.get("Type") == "Number" else self._like(stand_in(name, ""), path)
            self._warn(path, f"parameter {name} has no default; {found!r} stands in for it")
            return found
        return self._stand_in(name, "", path)

    def _stand_in(self, name: str, attribute: str, path: str) -> str:
        resource = self.resources.get(name)
        kind = resource.get("Type", "") if isinstance(resource, Mapping) else ""
        found = self._like(stand_in(name, kind if isinstance(kind, str) else "", attribute), path)
        self._warn(path, f"{name}{f'.{attribute}' if attribute else ''} is known only once deployed; {found!r} stands in for it")
        return found

    def _getatt(self, value: Any, path: str) -> Any:
        parts = value.split(".", 1) if isinstance(value, str) else value
        if not isinstance(parts, list) or len(parts) != 2 or not isinstance(parts[0], str):
            return self._unknown("Fn::GetAtt", path)
        return self._stand_in(parts[0], self._text(self.resolve(parts[1], path)), path)

    def _sub(self, value: Any, path: str) -> Any:
        text, own = (value[0], value[1]) if isinstance(value, list) and len(value) == 2 else (value, {})
        own = self.resolve(own, path) if isinstance(own, Mapping) else {}
        if not isinstance(text, str):
            return self._unknown("Fn::Sub", path)

        def fill(variable: re.Match[str]) -> str:
            literal, name = variable[1], variable[2].strip()
            if literal:
                return f"${{{name}}}"
            if isinstance(own, Mapping) and name in own:
                return self._text(own[name])
            return self._text(self._getatt(name, path) if "." in name else self._ref(name, path))

        return _VARIABLE.sub(fill, text)

    def _join(self, value: Any, path: str) -> Any:
        parts = self.resolve(value, path)
        if not isinstance(parts, list) or len(parts) != 2 or not isinstance(parts[1], list):
            return self._unknown("Fn::Join", path)
        return self._text(parts[0]).join(self._text(part) for part in parts[1])

    def _split(self, value: Any, path: str) -> Any:
        parts = self.resolve(value, path)
        if not isinstance(parts, list) or len(parts) != 2 or not parts[0]:
            return self._unknown("Fn::Split", path)
        return self._text(parts[1]).split(self._text(parts[0]))

    def _select(self, value: Any, path: str) -> Any:
        parts = self.resolve(value, path)
        number = self._text(parts[0]) if isinstance(parts, list) and len(parts) == 2 else ""
        if not number.isdigit() or not isinstance(parts[1], list) or int(number[:6]) >= len(parts[1]):
            return self._unknown("Fn::Select", path)
        return parts[1][int(number)]

    def _findinmap(self, value: Any, path: str) -> Any:
        found: Any = self.mappings
        for key in self.resolve(value, path)[:3] if isinstance(value, list) else ():
            found = found.get(self._text(key)) if isinstance(found, Mapping) else None
        return self._unknown("Fn::FindInMap", path) if found is None or isinstance(found, Mapping) else found

    def _importvalue(self, value: Any, path: str) -> Any:
        name = self._text(self.resolve(value, path))
        self._warn(path, f"{name} is exported by another stack; its name stands in for it")
        return self._like(stand_in(name, ""), path)

    def _if(self, value: Any, path: str) -> Any:
        if not isinstance(value, list) or len(value) != 3:
            return self._unknown("Fn::If", path)
        holds = self._condition(value[0], path)
        return self.resolve(value[1] if holds else value[2], path)

    def _condition(self, name: Any, path: str) -> bool:
        if not isinstance(name, str) or name not in self.conditions:
            self._warn(path, f"condition {name!r} is not in the template; taken as true")
            return True
        rest = {key: item for key, item in self.conditions.items() if key != name}  # no condition refers to itself
        inner = Resolver({"Parameters": self.parameters, "Resources": self.resources, "Conditions": rest, "Mappings": self.mappings})
        return inner.resolve(self.conditions[name], path) is True

    def _equals(self, value: Any, path: str) -> bool:
        parts = self.resolve(value, path)
        return isinstance(parts, list) and len(parts) == 2 and self._text(parts[0]) == self._text(parts[1])

    def _not(self, value: Any, path: str) -> bool:
        return bool(self.resolve(value, path) != [True])

    def _and(self, value: Any, path: str) -> bool:
        parts = self.resolve(value, path)
        return isinstance(parts, list) and all(part is True for part in parts)

    def _or(self, value: Any, path: str) -> bool:
        parts = self.resolve(value, path)
        return isinstance(parts, list) and any(part is True for part in parts)
