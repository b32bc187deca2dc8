"""boto3's names: every call of the control plane that cdnlab has, spelled as `boto3.client("cloudfront")` spells it.

Here are only the names, so that an editor knows them; keyword arguments and answers are AWS's own and come from its
service model. What a call does is in `control.py`, the same for every kind of thing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

__all__ = ["Answer", "Calls"]

Answer = dict[str, Any]


class Calls(ABC):
    """The calls. All take keyword arguments only and raise ConfigError (a config AWS would refuse) or APIError."""

    @abstractmethod
    def _call(self, operation: str, arguments: dict[str, Any]) -> Answer: ...

    # -- distributions

    def create_distribution(self, **arguments: Any) -> Answer:
        """Make a distribution: DistributionConfig."""
        return self._call("CreateDistribution", arguments)

    def get_distribution(self, **arguments: Any) -> Answer:
        """A distribution and its ETag: Id."""
        return self._call("GetDistribution", arguments)

    def get_distribution_config(self, **arguments: Any) -> Answer:
        """The config of a distribution, as it was given, and its ETag: Id."""
        return self._call("GetDistributionConfig", arguments)

    def update_distribution(self, **arguments: Any) -> Answer:
        """Replace the whole config of a distribution: Id, IfMatch (its ETag), DistributionConfig."""
        return self._call("UpdateDistribution", arguments)

    def delete_distribution(self, **arguments: Any) -> Answer:
        """Delete a distribution: Id, IfMatch (its ETag)."""
        return self._call("DeleteDistribution", arguments)

    def list_distributions(self, **arguments: Any) -> Answer:
        """All distributions, up to 100 at a time: Marker, MaxItems (text, as in boto3)."""
        return self._call("ListDistributions", arguments)

    # -- public keys

    def create_public_key(self, **arguments: Any) -> Answer:
        """Make a public key: PublicKeyConfig."""
        return self._call("CreatePublicKey", arguments)

    def get_public_key(self, **arguments: Any) -> Answer:
        """A public key and its ETag: Id."""
        return self._call("GetPublicKey", arguments)

    def get_public_key_config(self, **arguments: Any) -> Answer:
        """The config of a public key, as it was given, and its ETag: Id."""
        return self._call("GetPublicKeyConfig", arguments)

    def update_public_key(self, **arguments: Any) -> Answer:
        """Replace the whole config of a public key: Id, IfMatch (its ETag), PublicKeyConfig."""
        return self._call("UpdatePublicKey", arguments)

    def delete_public_key(self, **arguments: Any) -> Answer:
        """Delete a public key: Id, IfMatch (its ETag)."""
        return self._call("DeletePublicKey", arguments)

    def list_public_keys(self, **arguments: Any) -> Answer:
        """All public keys, up to 100 at a time: Marker, MaxItems (text, as in boto3)."""
        return self._call("ListPublicKeys", arguments)

    # -- key groups

    def create_key_group(self, **arguments: Any) -> Answer:
        """Make a key group: KeyGroupConfig."""
        return self._call("CreateKeyGroup", arguments)

    def get_key_group(self, **arguments: Any) -> Answer:
        """A key group and its ETag: Id."""
        return self._call("GetKeyGroup", arguments)

    def get_key_group_config(self, **arguments: Any) -> Answer:
        """The config of a key group, as it was given, and its ETag: Id."""
        return self._call("GetKeyGroupConfig", arguments)

    def update_key_group(self, **arguments: Any) -> Answer:
        """Replace the whole config of a key group: Id, IfMatch (its ETag), KeyGroupConfig."""
        return self._call("UpdateKeyGroup", arguments)

    def delete_key_group(self, **arguments: Any) -> Answer:
        """Delete a key group: Id, IfMatch (its ETag)."""
        return self._call("DeleteKeyGroup", arguments)

    def list_key_groups(self, **arguments: Any) -> Answer:
        """All key groups, up to 100 at a time: Marker, MaxItems (text, as in boto3)."""
        return self._call("ListKeyGroups", arguments)

    # -- origin access identities

    def create_cloud_front_origin_access_identity(self, **arguments: Any) -> Answer:
        """Make an origin access identity (OAI): CloudFrontOriginAccessIdentityConfig."""
        return self._call("CreateCloudFrontOriginAccessIdentity", arguments)

    def get_cloud_front_origin_access_identity(self, **arguments: Any) -> Answer:
        """An origin access identity (OAI) and its ETag: Id."""
        return self._call("GetCloudFrontOriginAccessIdentity", arguments)

    def get_cloud_front_origin_access_identity_config(self, **arguments: Any) -> Answer:
        """The config of an origin access identity (OAI), as it was given, and its ETag: Id."""
        return self._call("GetCloudFrontOriginAccessIdentityConfig", arguments)

    def update_cloud_front_origin_access_identity(self, **arguments: Any) -> Answer:
        """Replace the whole config of an origin access identity (OAI): Id, IfMatch (its ETag), CloudFrontOriginAccessIdentityConfig."""
        return self._call("UpdateCloudFrontOriginAccessIdentity", arguments)

    def delete_cloud_front_origin_access_identity(self, **arguments: Any) -> Answer:
        """Delete an origin access identity (OAI): Id, IfMatch (its ETag)."""
        return self._call("DeleteCloudFrontOriginAccessIdentity", arguments)

    def list_cloud_front_origin_access_identities(self, **arguments: Any) -> Answer:
        """All origin access identities, up to 100 at a time: Marker, MaxItems (text, as in boto3)."""
        return self._call("ListCloudFrontOriginAccessIdentities", arguments)

    # -- origin access controls

    def create_origin_access_control(self, **arguments: Any) -> Answer:
        """Make an origin access control (OAC): OriginAccessControlConfig."""
        return self._call("CreateOriginAccessControl", arguments)

    def get_origin_access_control(self, **arguments: Any) -> Answer:
        """An origin access control (OAC) and its ETag: Id."""
        return self._call("GetOriginAccessControl", arguments)

    def get_origin_access_control_config(self, **arguments: Any) -> Answer:
        """The config of an origin access control (OAC), as it was given, and its ETag: Id."""
        return self._call("GetOriginAccessControlConfig", arguments)

    def update_origin_access_control(self, **arguments: Any) -> Answer:
        """Replace the whole config of an origin access control (OAC): Id, IfMatch (its ETag), OriginAccessControlConfig."""
        return self._call("UpdateOriginAccessControl", arguments)

    def delete_origin_access_control(self, **arguments: Any) -> Answer:
        """Delete an origin access control (OAC): Id, IfMatch (its ETag)."""
        return self._call("DeleteOriginAccessControl", arguments)

    def list_origin_access_controls(self, **arguments: Any) -> Answer:
        """All origin access controls, up to 100 at a time: Marker, MaxItems (text, as in boto3)."""
        return self._call("ListOriginAccessControls", arguments)

    # -- cache policies

    def create_cache_policy(self, **arguments: Any) -> Answer:
        """Make a cache policy: CachePolicyConfig."""
        return self._call("CreateCachePolicy", arguments)

    def get_cache_policy(self, **arguments: Any) -> Answer:
        """A cache policy and its ETag: Id."""
        return self._call("GetCachePolicy", arguments)

    def get_cache_policy_config(self, **arguments: Any) -> Answer:
        """The config of a cache policy, as it was given, and its ETag: Id."""
        return self._call("GetCachePolicyConfig", arguments)

    def update_cache_policy(self, **arguments: Any) -> Answer:
        """Replace the whole config of a cache policy: Id, IfMatch (its ETag), CachePolicyConfig."""
        return self._call("UpdateCachePolicy", arguments)

    def delete_cache_policy(self, **arguments: Any) -> Answer:
        """Delete a cache policy: Id, IfMatch (its ETag)."""
        return self._call("DeleteCachePolicy", arguments)

    def list_cache_policies(self, **arguments: Any) -> Answer:
        """All cache policies, up to 100 at a time: Marker, MaxItems (text, as in boto3)."""
        return self._call("ListCachePolicies", arguments)

    # -- origin request policies

    def create_origin_request_policy(self, **arguments: Any) -> Answer:
        """Make an origin request policy: OriginRequestPolicyConfig."""
        return self._call("CreateOriginRequestPolicy", arguments)

    def get_origin_request_policy(self, **arguments: Any) -> Answer:
        """An origin request policy and its ETag: Id."""
        return self._call("GetOriginRequestPolicy", arguments)

    def get_origin_request_policy_config(self, **arguments: Any) -> Answer:
        """The config of an origin request policy, as it was given, and its ETag: Id."""
        return self._call("GetOriginRequestPolicyConfig", arguments)

    def update_origin_request_policy(self, **arguments: Any) -> Answer:
        """Replace the whole config of an origin request policy: Id, IfMatch (its ETag), OriginRequestPolicyConfig."""
        return self._call("UpdateOriginRequestPolicy", arguments)

    def delete_origin_request_policy(self, **arguments: Any) -> Answer:
        """Delete an origin request policy: Id, IfMatch (its ETag)."""
        return self._call("DeleteOriginRequestPolicy", arguments)

    def list_origin_request_policies(self, **arguments: Any) -> Answer:
        """All origin request policies, up to 100 at a time: Marker, MaxItems (text, as in boto3)."""
        return self._call("ListOriginRequestPolicies", arguments)

    # -- response headers policies

    def create_response_headers_policy(self, **arguments: Any) -> Answer:
        """Make a response headers policy: ResponseHeadersPolicyConfig."""
        return self._call("CreateResponseHeadersPolicy", arguments)

    def get_response_headers_policy(self, **arguments: Any) -> Answer:
        """A response headers policy and its ETag: Id."""
        return self._call("GetResponseHeadersPolicy", arguments)

    def get_response_headers_policy_config(self, **arguments: Any) -> Answer:
        """The config of a response headers policy, as it was given, and its ETag: Id."""
        return self._call("GetResponseHeadersPolicyConfig", arguments)

    def update_response_headers_policy(self, **arguments: Any) -> Answer:
        """Replace the whole config of a response headers policy: Id, IfMatch (its ETag), ResponseHeadersPolicyConfig."""
        return self._call("UpdateResponseHeadersPolicy", arguments)

    def delete_response_headers_policy(self, **arguments: Any) -> Answer:
        """Delete a response headers policy: Id, IfMatch (its ETag)."""
        return self._call("DeleteResponseHeadersPolicy", arguments)

    def list_response_headers_policies(self, **arguments: Any) -> Answer:
        """All response headers policies, up to 100 at a time: Marker, MaxItems (text, as in boto3)."""
        return self._call("ListResponseHeadersPolicies", arguments)

    # -- invalidations

    def create_invalidation(self, **arguments: Any) -> Answer:
        """Remove objects from every cache: DistributionId, InvalidationBatch."""
        return self._call("CreateInvalidation", arguments)

    def get_invalidation(self, **arguments: Any) -> Answer:
        """An invalidation and how far it is: DistributionId, Id."""
        return self._call("GetInvalidation", arguments)

    def list_invalidations(self, **arguments: Any) -> Answer:
        """The invalidations of a distribution, the newest first: DistributionId, Marker, MaxItems."""
        return self._call("ListInvalidations", arguments)
