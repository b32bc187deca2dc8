"""What is particular to keys, key groups and origin access controls: the meaning of their configs.

Distributions have `validation.py` and policies `policies.py`; everything that is left is here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TypeAlias

from cdnlab.errors import APIError, InputError
from cdnlab.fields import Field, alternatives
from cdnlab.keys import PublicKey
from cdnlab.kinds import Record
from cdnlab.shapes import Said

__all__ = ["check_particulars"]

MAX_KEYS = 5
_Records: TypeAlias = Mapping[str, Collection[str]]


def check_particulars(kind: str, id: str, config: Field, ids: _Records, record: Record | None) -> None:
    """Refuse what AWS refuses in the config of the thing `id` of this kind.

    `ids`: what the account holds, by kind; `record`: what an update replaces.
    """
    if len(config.text("Comment")) > 128:
        config.refuse("InvalidArgument", "Comment", config.text("Comment"), f"{len(config.text('Comment'))} characters", "up to 128")
    longest = 64 if kind == "OriginAccessControl" else 128
    if config.given("Name") and not 0 < len(config.text("Name")) <= longest:
        config.refuse("InvalidArgument", "Name", config.text("Name"), "empty or too long", f"1 to {longest} characters")
    if check := _CHECKS.get(kind):
        check(id, config, ids, record)


def _check_public_key(id: str, config: Field, ids: _Records, record: Record | None) -> None:
    for name in ("CallerReference", "EncodedKey"):
        if record is not None and config.value.get(name) != record.config.get(name):
            raise APIError("CannotChangeImmutablePublicKeyFields", f"{name} of public key {record.id} cannot change; create another key")
    legacy = id.startswith("APKA")  # an account's old key pair, taken over under its id
    if wrong := _wrong_with_key(config.text("EncodedKey"), legacy):
        legal = "the PEM text of a public key, RSA 2048 or ECDSA P-256: -----BEGIN PUBLIC KEY----- ..."
        given = config.text("EncodedKey")  # it may be a private key, with or without its first line
        known = given.lstrip().startswith("-----BEGIN PUBLIC KEY-----") and "PRIVATE" not in given.upper()
        shown = given[:40] if known else Said("a private key" if "PRIVATE KEY" in given.upper() else f"a text of {len(given):,} characters")
        config.refuse("InvalidArgument", "EncodedKey", shown, wrong, legal)


def _wrong_with_key(pem: str, legacy: bool) -> str:
    try:
        key = PublicKey.from_pem(pem, "this")
    except InputError as error:
        return str(error)
    if not pem.lstrip().startswith("-----BEGIN PUBLIC KEY-----"):
        return "not a public key in the form that begins with -----BEGIN PUBLIC KEY-----"
    return "" if legacy else key.unusual


def _check_key_group(id: str, config: Field, ids: _Records, record: Record | None) -> None:
    items = config.value.get("Items") or ()
    if not items:
        config.refuse("InvalidArgument", "Items", Said("no keys"), "a key group needs a key", "the id of a public key")
    if len(items) > MAX_KEYS:
        config.refuse("TooManyPublicKeysInKeyGroup", "Items", len(items), "too many keys", f"up to {MAX_KEYS}")
    for number, key in enumerate(items):
        if key not in ids["PublicKey"]:
            legal = alternatives(key, ids["PublicKey"], "create_public_key makes one, adopt takes one over")
            config.refuse("InvalidArgument", f"Items[{number}]", key, "no public key has this id", legal)
        elif key in items[:number]:
            config.refuse("InvalidArgument", f"Items[{number}]", key, "this key is there twice", "each key once")


def _check_origin_access_control(id: str, config: Field, ids: _Records, record: Record | None) -> None:
    if len(config.text("Description")) > 256:
        config.refuse("InvalidArgument", "Description", config.text("Description"), "too long", "up to 256 characters")
    if config.text("SigningBehavior") == "always-amz-auth" and config.text("OriginAccessControlOriginType") != "lambda":
        rule = "always-amz-auth is for Lambda function URLs only"
        config.refuse("InvalidArgument", "SigningBehavior", "always-amz-auth", rule, "always, never, no-override")


_CHECKS: Mapping[str, Callable[[str, Field, _Records, Record | None], None]] = {
    "PublicKey": _check_public_key,
    "KeyGroup": _check_key_group,
    "OriginAccessControl": _check_origin_access_control,
}
