"""Repairs of when and from where: the moments and the address of a policy, which a request does not fit.

Each asks "had the request come then, or from there, would the edge be content?".
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import replace

from cdnlab.cases import Case, Change, Note
from cdnlab.policyrepairs import with_policy
from cdnlab.signedpolicy import SignedPolicy, custom_text, moment, parse_network
from cdnlab.verification import duration

__all__ = ["another_address", "earlier", "later"]

_SOON = 315_360_000  # ten years of seconds: less is no moment, but a duration


def earlier(case: Case) -> Iterator[Change]:
    """Expired: would it have been good?"""
    opening = case.opening
    if opening is None:
        return
    policy = opening.policy
    before = policy.expires - 1
    ago = duration(int(case.at) - policy.expires)
    says = f"it ended at {moment(policy.expires)}, {ago} ago"
    fix = f"Sign anew with a later end, for it ended {ago} ago (or check the clock and the time zone of the signer: the moment is in UTC)."
    name = "expired"
    if policy.starts is not None and policy.starts >= before:
        says += f", and it was to begin at {moment(policy.starts)}, so it was never valid"
        name, before = "empty period", policy.expires - 1
        fix = "Let DateGreaterThan be before DateLessThan: there is no second after the one and before the other."
    if 0 <= policy.expires < _SOON:
        name = (
            "date instead of seconds"
            if re.fullmatch(r"(?:19|20)\d\d[01]\d[0-3]\d", str(policy.expires))
            else "duration instead of a moment"
        )
        what = "a date in digits" if name.startswith("date") else "a duration"
        fix = f"Write the moment in seconds since 1970 (UTC), not {what}: {policy.expires} is {moment(policy.expires)}."
    starts = policy.starts
    yield Change(_moved(case, before if starts is None or starts < before else max(0, before), opening.policy), (Note(name, says, fix),))


def _moved(case: Case, at: float, policy: SignedPolicy) -> Case:
    """The case at another time; where no time would do, with a policy that has no beginning."""
    if policy.starts is None or policy.starts < at:
        return replace(case, at=float(at))
    made = custom_text(policy.resource or "*", policy.expires, None, policy.address or None).encode()
    return replace(with_policy(case, made), at=float(at))


def later(case: Case) -> Iterator[Change]:
    """Not yet valid: will it be?"""
    opening = case.opening
    if opening is None or opening.policy.starts is None:
        return
    policy, starts = opening.policy, opening.policy.starts
    wait = duration(starts + 1 - int(case.at))
    says = f"it begins after {moment(starts)}, in {wait}"
    name, fix = "not yet valid", "Wait, or sign anew with an earlier DateGreaterThan (or check the clock and the time zone of the signer)."
    if starts > 10**11:
        name, fix = "milliseconds", f"Write DateGreaterThan in seconds, not milliseconds: {starts // 1000}."
        made = custom_text(policy.resource or "*", policy.expires, starts // 1000, policy.address or None).encode()
        yield Change(with_policy(case, made), (Note(name, says, fix),))
        return
    if starts + 1 >= policy.expires:
        name = "empty period"
        fix = "Let DateGreaterThan be before DateLessThan: there is no second after the one and before the other."
        made = custom_text(policy.resource or "*", policy.expires, None, policy.address or None).encode()
        yield Change(with_policy(case, made), (Note(name, says, fix),))
        return
    yield Change(replace(case, at=float(starts + 1)), (Note(name, says, fix),))


def another_address(case: Case) -> Iterator[Change]:
    """The wrong address: which one is wanted?"""
    opening = case.opening
    if opening is None or not opening.policy.address:
        return
    wanted = opening.policy.address
    wants = str(ipaddress.ip_address(opening.policy.network))
    if ":" in case.ip and parse_network(case.ip) is None:
        name = "IPv6 viewer"
        fix = f"Sign without IpAddress, or let the viewer come over IPv4 from {wanted}: an IPv6 address fits no condition."
    else:
        name = "wrong address"
        fix = (
            f"Sign for the address that the viewer comes from ({case.ip}), or without IpAddress: "
            "the peer that connects to CloudFront counts, and X-Forwarded-For does not."
        )
    note = Note(name, f"the viewer comes from {case.ip}, and the policy wants {wanted}", fix)
    yield Change(replace(case, ip=wants), (note,))
