"""What a config may refer to: the policies and key groups that an account holds, and those that AWS manages.

A config names policies by id. Whether the id exists is a question to the account; a config read from a file has an
account that holds nothing of its own, and then only the managed policies exist.

AWS's own documentation disguises ids by their ends (`658327ea-f89d-4fab-a63d-7e88639e5ABC`). Such an id is read as the
managed policy whose first four groups it has, and the distribution says so.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from cdnlab.policies import managed_policies

__all__ = ["Account", "PolicyKind"]

PolicyKind = Literal["cache", "origin-request", "response-headers"]
_DISGUISED = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]*)([A-Z0-9]*[A-Z]{3}[A-Z0-9]*)\Z")
_Configs = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Account:
    """What an account holds that a distribution can refer to; ids, and the policies' configs in the API's shape.

    `key_groups`: ids of the key groups there are; `origin_access_identities`: ids of the OAIs, `origin_access_controls`:
    {id: config} of the OACs, None when it is not known which there are; `elsewhere`: ids of either that are taken to exist
    on AWS, though the account does not hold them. Where an account holds none at all, any id is taken so.

    >>> Account().policy("cache", "4135ea2d-6df8-44a3-9df3-4b5a84be39ad")["Name"]
    'Managed-CachingDisabled'
    >>> Account().policy("cache", "no such policy") is None
    True
    """

    cache_policies: _Configs = field(default_factory=dict)
    origin_request_policies: _Configs = field(default_factory=dict)
    response_headers_policies: _Configs = field(default_factory=dict)
    key_groups: Collection[str] = ()
    origin_access_identities: Collection[str] | None = None
    origin_access_controls: _Configs | None = None
    elsewhere: Collection[str] = ()

    def _own(self, kind: PolicyKind) -> _Configs:
        own = {"cache": self.cache_policies, "origin-request": self.origin_request_policies}
        return own.get(kind, self.response_headers_policies)

    def policy(self, kind: PolicyKind, id: str) -> Mapping[str, Any] | None:
        """The config of a policy, the account's own or a managed one; None if there is none with this id."""
        if (own := self._own(kind).get(id)) is not None:
            return own
        wanted = self.meant(kind, id) or id
        return next((policy.config for policy in managed_policies(kind) if policy.id == wanted), None)

    def meant(self, kind: PolicyKind, id: str) -> str | None:
        """The managed policy that a disguised id stands for, as its own id; None if this id is no disguise.

        >>> Account().meant("cache", "658327ea-f89d-4fab-a63d-7e886EXAMPLE")
        '658327ea-f89d-4fab-a63d-7e88639e58f6'
        """
        if len(id) != 36 or not (parts := _DISGUISED.match(id)):
            return None
        return next((policy.id for policy in managed_policies(kind) if policy.id.startswith(parts[1])), None)

    def names(self, kind: PolicyKind) -> list[str]:
        """The ids that exist."""
        return [*self._own(kind), *(policy.id for policy in managed_policies(kind))]
