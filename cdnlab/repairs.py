"""The table of repairs, and the search for those that are needed.

Every repair makes changed cases out of a case, and the edge's own verifier judges them. One that verifies ends the search; else one
that gets further in the edge's list of questions is kept, and the search goes on from there. So two mistakes are told
as two. The work is bounded, whatever comes in: so many verdicts, so many texts, so many signatures checked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import NamedTuple

from cdnlab import carriers, conditionrepairs, policyrepairs, resourcerepairs, tokenrepairs
from cdnlab.cases import Case, Change, Note, asked, judge, rank, with_parameters
from cdnlab.keys import HASHES, PublicKey
from cdnlab.signedtexts import Candidate, canned_candidates, custom_candidates
from cdnlab.tokenrepairs import signature_forms, whole_der
from cdnlab.tokens import encoded
from cdnlab.verification import Verdict

__all__ = ["Healed", "heal"]

_VERDICTS = 60
_HASHED_TEXTS, _HASHED_BYTES = 2400, 700_000
_CHECKED_TEXTS, _OTHER_HASH = 190, 30
_MOST_KEYS = 8
_DEPTH = 7
_BRANCHES = 3

Repair = Callable[[Case], Iterator[Change]]


class Healed(NamedTuple):
    """What the search came to: the changed `case`, its `verdict`, the mistakes that were taken out, how much was tried, and whether
    everything is said: what is wrong is proved, and no changed request can make it good.
    """

    case: Case
    verdict: Verdict
    notes: tuple[Note, ...]
    tried: int
    all_said: bool = False


@dataclass
class _Budget:
    """What is left to spend."""

    verdicts: int = _VERDICTS
    hashed: int = _HASHED_TEXTS
    volume: int = _HASHED_BYTES
    checked: int = _CHECKED_TEXTS
    tried: int = 0

    def judge(self, case: Case) -> Verdict | None:
        """A verdict, or None when nothing is left."""
        if self.verdicts <= 0:
            return None
        self.verdicts -= 1
        return judge(case)


_REQUEST, _SIGNATURE, _ADDRESS = asked("request"), asked("signature"), asked("address")

_TABLE: tuple[tuple[int, int, Repair], ...] = (
    # from which question on, up to which, and the repair
    (asked("shown"), _ADDRESS, carriers.cookies_hidden),
    (_REQUEST, _SIGNATURE, carriers.unpasted),
    (_REQUEST, _SIGNATURE, carriers.separators),
    (_REQUEST, asked("shown"), carriers.fragment),
    (asked("shown"), asked("encoding"), carriers.shown_twice),
    (asked("shown"), asked("encoding"), carriers.cookies_misformed),
    (asked("shown"), _SIGNATURE, carriers.misnamed),
    (asked("shown"), asked("policy"), carriers.spread),
    (asked("policy"), _SIGNATURE, carriers.own_named),
    (asked("shown"), asked("encoding"), tokenrepairs.clean_values),
    (asked("shown"), asked("shown"), tokenrepairs.missing_key_id),
    (asked("key"), asked("key"), tokenrepairs.key_ids),
    (asked("policy"), asked("policy"), tokenrepairs.expires_forms),
    (asked("policy"), asked("policy"), policyrepairs.mended_policy),
    (asked("hash"), asked("hash"), tokenrepairs.hash_names),
    (asked("resource"), asked("resource"), resourcerepairs.another_resource),
    (asked("starts"), asked("starts"), conditionrepairs.later),
    (asked("expires"), asked("expires"), conditionrepairs.earlier),
    (asked("address"), asked("address"), conditionrepairs.another_address),
)


def heal(case: Case, verdict: Verdict) -> Healed:
    """Look for the changes that make the edge content, starting from its refusal."""
    budget = _Budget()
    end, final, path = _heal(case, verdict, budget, _DEPTH)
    proved = rank(final) > _SIGNATURE or any(change.proven for change, _ in path)
    guess = next((number for number, (change, _) in enumerate(path) if change.guess and not proved), len(path))
    if guess < len(path):  # what no signature has proved is not told, nor what comes after it
        before = path[guess - 1] if guess else None
        end, final = (before[0].case, before[1]) if before else (case, verdict)
    told = [change for change, _ in path[:guess]]
    notes = dict.fromkeys(note for change in told for note in change.notes)
    return Healed(end, final, tuple(notes), budget.tried, bool(told) and told[-1].hopeless)


_Path = tuple[Case, Verdict, tuple[tuple[Change, Verdict], ...]]


def _heal(case: Case, verdict: Verdict, budget: _Budget, depth: int) -> _Path:
    """The best way on from here: one that ends well, or else the one that gets furthest."""
    best: _Path = (case, verdict, ())
    if verdict.ok or depth == 0:
        return best
    further: list[tuple[Change, Verdict]] = []
    for change in _changes(case, verdict, budget):
        judged = budget.judge(change.case)
        if judged is None:
            break
        if judged.ok:
            return change.case, judged, ((change, judged),)
        if rank(judged) > rank(verdict):
            further.append((change, judged))
        elif change.proven and not best[2]:
            best = change.case, judged, ((change, judged),)
    further.sort(key=lambda each: (each[0].guess, -rank(each[1])))
    for change, judged in further[:_BRANCHES]:
        end, final, path = _heal(change.case, judged, budget, depth - 1)
        if rank(final) > rank(best[1]):
            best = end, final, ((change, judged), *path)
        if final.ok:
            break
    return best


def _changes(case: Case, verdict: Verdict, budget: _Budget) -> Iterator[Change]:
    here = rank(verdict)
    for first, last, repair in _TABLE:
        if first <= here <= last:
            yield from repair(case)
    if here == _SIGNATURE:
        yield from _proved(case, budget)


# -- what was signed, with which key, in which way


class _Signed(NamedTuple):
    """A signature as it may have been made: `form` of its bytes, key, hash."""

    signature: bytes
    form: Note | None
    key_id: str
    hash: str


def _proved(case: Case, budget: _Budget) -> Iterator[Change]:
    """The text, key, hash and form with which the signature holds, if they can be found."""
    token, opening, address = case.token, case.opening, case.address
    if token is None or opening is None or address is None or token.signature is None or token.key_pair_id is None:
        return
    if case.text is not None:
        opening = opening._replace(text=case.text)
    declared = token.hash_algorithm or "SHA1"
    ids = [token.key_pair_id, *(id for id in case.keys if id != token.key_pair_id)][:_MOST_KEYS]
    forms = list(signature_forms(token.signature))

    def candidates() -> Iterator[Candidate]:
        yield Candidate(opening.text, ())
        if token.policy is None:
            yield from canned_candidates(case, address, token, opening.policy.expires)
        else:
            yield from custom_candidates(opening.text, opening.policy, address, case)

    for id in ids:
        key = case.keys[id]
        for signature, form in forms:
            digest = key.signed_digest(signature)
            if digest is not None:
                found = _by_digest(digest, candidates(), budget)
                if found is not None:
                    yield _told(case, _Signed(signature, form, id, digest[0]), found)
                elif id != token.key_pair_id or form is not None or (digest[0] and digest[0] != declared):
                    yield _told(case, _Signed(signature, form, id, digest[0]), Candidate(opening.text, ()))._replace(hopeless=False)
                return
    for id in ids:
        if case.keys[id].kind == "rsa" and forms and case.keys[id].verifies_pss(forms[0][0], opening.text):
            yield _told(case, _Signed(forms[0][0], _PSS, id, ""), Candidate(opening.text, ()))
            return
    ways = [
        (_Signed(signature, form, id, hash), case.keys[id])
        for id in ids
        if case.keys[id].kind == "ecdsa"
        for signature, form in forms
        if whole_der(signature)
        for hash in (declared, *(name for name in HASHES if name != declared))
    ]
    if ways and (way := _by_checking(ways, candidates(), budget)) is not None:
        yield _told(case, *way)


_PSS = Note(
    "PSS instead of PKCS #1 v1.5",
    "the signature is RSA-PSS",
    "Sign with the padding PKCS #1 v1.5 (RSASSA-PKCS1-v1_5); CloudFront does not know PSS.",
)
_MAKERS = {"SHA1": hashlib.sha1, "SHA256": hashlib.sha256, "SHA384": hashlib.sha384, "SHA512": hashlib.sha512, "MD5": hashlib.md5}


def _by_digest(digest: tuple[str, bytes], candidates: Iterator[Candidate], budget: _Budget) -> Candidate | None:
    """The candidate with this digest. Cheap: an RSA signature tells the digest, so each text costs a hash only."""
    name, wanted = digest
    make = _MAKERS.get(name)
    for candidate in candidates:
        budget.hashed -= 1
        budget.volume -= len(candidate.text)
        if budget.hashed < 0 or budget.volume < 0:
            return None
        budget.tried += 1
        if (make(candidate.text).digest() if make else candidate.text) == wanted:
            return candidate
        if make is None and hashlib.sha1(candidate.text).digest() == wanted:  # noqa: S324
            return candidate
    return None


def _different(candidates: Iterator[Candidate]) -> Iterator[Candidate]:
    """Each text once; of the first candidates only."""
    seen: set[bytes] = set()
    for candidate in islice(candidates, 1000):
        if candidate.text not in seen:
            seen.add(candidate.text)
            yield candidate


def _by_checking(
    ways: list[tuple[_Signed, PublicKey]], candidates: Iterator[Candidate], budget: _Budget
) -> tuple[_Signed, Candidate] | None:
    """The way and the candidate with which an ECDSA signature holds: the first text in all ways, the others in the likeliest."""
    first, *others = islice(_different(candidates), max(1, budget.checked - len(ways) - _OTHER_HASH))
    tries = [(way, first) for way in ways] + [(ways[0], each) for each in others]
    tries += [(ways[1], each) for each in others[:_OTHER_HASH]]  # the same key with the other hash
    for (way, key), candidate in tries:
        budget.checked -= 1
        budget.volume -= len(candidate.text)
        if budget.checked < 0 or budget.volume < 0:
            return None
        budget.tried += 1
        if key.verifies(way.signature, candidate.text, way.hash):
            return way, candidate
    return None


def _told(case: Case, signed: _Signed, candidate: Candidate) -> Change:
    """The case with this signature, key, hash and text, and what was wrong with it."""
    token = case.token
    declared = (token.hash_algorithm if token else None) or "SHA1"
    named = token.named if token else str
    notes = list(candidate.notes)
    changes: dict[str, str | None] = {}
    if token and signed.key_id != token.key_pair_id:
        fix = f"Give {named('Key-Pair-Id')} the id {signed.key_id}: the signature was made with that key."
        says = f"{named('Key-Pair-Id')} is {token.key_pair_id}, and the signature was made with {signed.key_id}"
        notes.insert(0, Note("wrong key id", says, fix))
        changes["Key-Pair-Id"] = signed.key_id
    if signed.form is not None:
        notes.insert(0, signed.form)
        if signed.form is not _PSS:
            changes["Signature"] = encoded(signed.signature)
    if signed.hash in HASHES and signed.hash != declared:
        changes["Hash-Algorithm"] = None if signed.hash == "SHA1" else signed.hash
        if signed.hash == "SHA256":
            fix = f"Add {named('Hash-Algorithm')}=SHA256 to what is sent, or sign with SHA-1."
            notes.insert(0, Note("SHA-256 without its parameter", "the signature was made with SHA-256, and nothing says so", fix))
        else:
            fix = f"Leave {named('Hash-Algorithm')} out, or sign with SHA-256."
            notes.insert(
                0, Note("SHA-1 with SHA-256 declared", f"{named('Hash-Algorithm')} says SHA256, and the signature was made with SHA-1", fix)
            )
    elif not signed.hash and signed.form is not _PSS:
        fix = (
            "Sign with PKCS #1 v1.5 over the hash and its name (DigestInfo), as `openssl dgst -sign` does, not `rsautl` or `pkeyutl` alone."
        )
        notes.insert(0, Note("no hash in the signature", "the signature wraps plain bytes without the name of a hash", fix))
    elif signed.hash and signed.hash not in HASHES:
        fix = f"Sign with SHA-1, or with SHA-256 and {named('Hash-Algorithm')}=SHA256; CloudFront knows no {signed.hash}."
        notes.insert(0, Note("hash that CloudFront does not know", f"the signature was made with {signed.hash}", fix))
    healed = with_parameters(case, changes) if changes else case
    healed = replace(healed, raw=case.raw)
    if candidate.notes:
        healed = replace(healed, text=candidate.text)
    return Change(healed, tuple(notes), proven=True, hopeless=signed.hash not in HASHES)
