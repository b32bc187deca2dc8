"""The check of a signature: one list of questions, in order; the first "no" refuses the request.

    shown       is there a signature, with a key's id?                      MissingKey
    key         is that key in a key group that this behaviour trusts?      InvalidKey
    policy      can the policy be read, or rebuilt?                         MalformedPolicy
    hash        is the hash algorithm one of the two?                       AccessDenied
    encoding    can the signature be decoded?                               MalformedSignature
    signature   was it made with that key, over exactly this text?          AccessDenied
    resource    does the policy open this URL?                              AccessDenied
    starts      is it already valid?                                        AccessDenied
    expires     is it still valid?                                          AccessDenied
    address     does the viewer have the right address?                     AccessDenied

AWS documents the questions and not their order; the order is our choice. The check is made once, when a request arrives,
with the clock of that moment and the address of the peer that sent it (no header can change it). A download that began
in time may end late; a later range is a new request.

With a canned policy the text is rebuilt from the request's own URL, which is why one more parameter breaks it. With a custom
policy the text is the policy as it was received, byte for byte. A token that comes again, as a cookie does with every
segment of a video, is decoded and verified once and then remembered; the other questions are asked every time.
(Sources: private-content-trusted-signers, private-content-creating-signed-url-canned-policy, -custom-policy.)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cdnlab.keys import HASHES, PublicKey
from cdnlab.messages import Request, Url
from cdnlab.resources import Address, covers, sections
from cdnlab.signedpolicy import MAX_POLICY, Flaw, SignedPolicy, canned_text, epoch, moment, parse_signed_policy
from cdnlab.tokens import Token, decoded, own_query, token_of, url_token

__all__ = ["STAGES", "Opening", "Verdict", "accepted", "address_of", "duration", "opening_of", "verify"]

STAGES = ("shown", "key", "policy", "hash", "encoding", "signature", "resource", "starts", "expires", "address")
"""The questions, in order; a Verdict names the one that refused."""

_PORTS = {"http": 80, "https": 443}
_DAY = 86400


class Verdict(NamedTuple):
    """What came of the check. `ok`; or else `code`: CloudFront's error code, `rule`: the ledger's id, `stage`: of STAGES, `says`: why."""

    ok: bool
    code: str = ""
    rule: str = ""
    stage: str = ""
    says: str = ""


class Opening(NamedTuple):
    """What a token claims: its `policy`, and the `text` that its signature is held against."""

    policy: SignedPolicy
    text: bytes


_GOOD = Verdict(True, "", "SIGN-01", "", "the signature holds")


def verify(
    request: Request, keys: Mapping[str, PublicKey], *, at: float, ip: str, host: str | None = None, text: bytes | None = None
) -> Verdict:
    """Whether a request shows a signature that opens it.

    `keys`: the public keys that the behaviour trusts, by id; `at`: now, seconds since the epoch; `ip`: the peer's address; `host`:
    the Host that the viewer named, if it differs from the URL's; `text`: hold the signature against this instead.

    >>> from cdnlab.keys import KeyPair
    >>> key = {"K1": KeyPair.test("rsa").public_key}
    >>> verify(Request("GET", "https://d111.cloudfront.net/cat.jpg"), key, at=0.0, ip="192.0.2.7").code
    'MissingKey'
    """
    query = request.parts.query
    token = url_token(query) if query else None
    if token is None and (token := token_of(None, request.headers.getall("Cookie"))) is None:
        return Verdict(False, "MissingKey", "SIGN-04", "shown", "the request shows no signature, neither in its URL nor in cookies")
    if token.twice or token.key_pair_id is None or token.signature is None:
        return _incomplete(token)
    key = keys.get(token.key_pair_id)
    if key is None:
        return Verdict(
            False, "InvalidKey", "SIGN-05", "key", f"{_short(token.key_pair_id)} is not among the keys trusted here: {_listed(keys)}"
        )
    address = _address(request.parts, token.own if token.carrier == "URL" else query, host)
    claimed = address if token.policy is None else None
    found = token.found
    if text is not None:
        policy = _held(token, key, address, text)
    elif found is not None and found[0] is key and found[1] == claimed:
        policy = found[2]
    else:
        policy = _held(token, key, address)
        token.found = (key, claimed, policy)  # it may come again, as a cookie does with every segment
    if isinstance(policy, Verdict):
        return policy
    return _conditions(policy, None if claimed else address, at, ip)


def _held(token: Token, key: PublicKey, address: Address, text: bytes | None = None) -> SignedPolicy | Verdict:
    """The policy of a token whose signature holds, or else the refusal. A custom policy does not depend on the address."""
    opening = opening_of(token, address)
    if isinstance(opening, Flaw):
        rule = "SIGN-07" if token.policy is None else "SIGN-08"
        return Verdict(False, "MalformedPolicy", rule, "policy", str(opening))
    hash_algorithm = "SHA1" if token.hash_algorithm is None else token.hash_algorithm
    if hash_algorithm not in HASHES:
        says = f"{token.named('Hash-Algorithm')} is {_short(hash_algorithm)}; SHA1 and SHA256 are known"
        return Verdict(False, "AccessDenied", "SIGN-10", "hash", says)
    signature = decoded(token.signature or "")
    if not signature:
        says = f"{token.named('Signature')} is not in CloudFront's base64 (letters, digits, - ~ and _ for padding)"
        return Verdict(False, "MalformedSignature", "SIGN-09", "encoding", says)
    if not key.verifies(signature, opening.text if text is None else text, hash_algorithm):
        what = "these bytes of the policy" if token.policy is not None else f"the canned policy of {_short(str(address))}"
        says = f"the signature was not made with {token.key_pair_id} and {hash_algorithm} over {what}"
        return Verdict(False, "AccessDenied", "SIGN-11", "signature", says)
    return opening.policy


def _incomplete(token: Token) -> Verdict:
    """What a token lacks, or has twice."""
    if token.twice:
        code, stage = {"Signature": ("MalformedSignature", "encoding"), "Key-Pair-Id": ("InvalidKey", "key")}.get(
            token.twice, ("MalformedPolicy", "policy")
        )
        return Verdict(False, code, "SIGN-21", stage, f"{token.named(token.twice)} is there twice, and nobody can tell which one counts")
    lacks = token.named("Key-Pair-Id" if token.key_pair_id is None else "Signature")
    return Verdict(False, "MissingKey", "SIGN-04", "shown", f"the request has a part of a signature, but no {lacks}")


def accepted(request: Request, host: str | None = None) -> str:
    """What a signature that holds says for itself: whose it is, which policy, until when.

    `request`: one that `verify` has found good. It is asked only when somebody wants to read it.
    """
    token = token_of(request.parts.query, request.headers.getall("Cookie"))
    opening = opening_of(token, address_of(request, host)) if token else None
    if token is None or not isinstance(opening, Opening):
        return "no signature"
    kind = f"custom policy for {_short(opening.policy.resource)}" if token.policy is not None else "canned policy"
    return f"the signature in the {token.carrier} holds: key {token.key_pair_id}, {kind}, good until {moment(opening.policy.expires)}"


def address_of(request: Request, host: str | None = None) -> Address:
    """The URL of a request as a signature sees it. `host`: the Host that the viewer named, if it differs from the URL's."""
    return _address(request.parts, own_query(request.parts.query), host)


def _address(parts: Url, own: str | None, host: str | None) -> Address:
    scheme, domain, port = parts.scheme, parts.host, parts.port
    if host is not None and host != domain:
        domain = host.lower().removesuffix(f":{_PORTS[scheme]}")
    elif port is not None and port != _PORTS[scheme]:
        domain = f"{domain}:{port}"
    return Address(scheme, domain, parts.path, own)


def opening_of(token: Token, address: Address) -> Opening | Flaw:
    """What a token claims, or why its policy cannot be used. With both kinds of policy the custom one counts (SIGN-06)."""
    if token.policy is not None:
        return _sent(token.policy)
    if token.expires is None:
        return Flaw("", f"neither {token.named('Policy')} nor {token.named('Expires')} is there, so there is no policy")
    seconds = epoch(token.expires)
    if seconds is None:
        return Flaw(token.named("Expires"), f"{_short(token.expires)} is not a plain whole number of seconds of up to 64 bits")
    resource = str(address)
    return Opening(SignedPolicy(resource, seconds), canned_text(resource, token.expires).encode())


def _sent(text: str) -> Opening | Flaw:
    """A custom policy as it was sent."""
    if len(text) > MAX_POLICY:
        return Flaw("Policy", f"it has {len(text):,} characters; {MAX_POLICY:,} is all that a request has room for")
    document = decoded(text)
    if not document:
        return Flaw("Policy", "it is not in CloudFront's base64 (letters, digits, - ~ and _ for padding)")
    policy = parse_signed_policy(document)
    return policy if isinstance(policy, Flaw) else Opening(policy, document)


def _conditions(policy: SignedPolicy, address: Address | None, at: float, ip: str) -> Verdict:
    """The questions about URL, time and peer. `address`: None when the policy was made of it."""
    if address is not None and policy.resource is not None and not covers(policy.resource, address):
        return Verdict(False, "AccessDenied", "SIGN-12", "resource", _uncovered(policy.resource, address))
    second = math.floor(at)
    if policy.starts is not None and second <= policy.starts:
        says = f"valid only after {moment(policy.starts)}; it is {moment(second)}, {duration(policy.starts - second)} too early"
        return Verdict(False, "AccessDenied", "SIGN-15", "starts", says)
    if second >= policy.expires:
        says = f"valid only before {moment(policy.expires)}; it is {moment(second)}, {duration(second - policy.expires)} too late"
        return Verdict(False, "AccessDenied", "SIGN-14", "expires", says)
    if policy.address and not policy.admits(ip):
        says = f"the viewer's address is {_short(ip)}, and the policy wants {policy.address}"
        return Verdict(False, "AccessDenied", "SIGN-16", "address", says)
    return _GOOD


def _uncovered(resource: str, address: Address) -> str:
    wrong = [str(each) for each in sections(resource, address) if not each.fits]
    return f"Resource {_short(resource)} does not cover {_short(str(address))}: {'; '.join(map(_short, wrong)) or 'it is no URL'}"


def duration(seconds: int) -> str:
    """A number of seconds, in days, hours, minutes and seconds.

    >>> duration(90061), duration(0)
    ('1 d 1 h 1 min 1 s', '0 s')
    """
    days, rest = divmod(seconds, _DAY)
    parts = ((days, "d"), (rest // 3600, "h"), (rest % 3600 // 60, "min"), (rest % 60, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"


def _short(text: str | None) -> str:
    """A text from outside, for a sentence."""
    shown = ascii(text)
    return shown if len(shown) <= 120 else shown[:117] + "..."


def _listed(keys: Mapping[str, PublicKey]) -> str:
    names: Sequence[str] = sorted(keys)
    return ", ".join(names[:5]) + (" ..." if len(names) > 5 else "") if names else "none"
