"""The fidelity ledger: every rule that cdnlab follows, as a sentence with its source and its evidence.

The rules are data (`data/rules.toml`), because a rule is read more often than it is run: lessons quote them, a Step of
a Journey cites one by id, a test names the ones it proves, and the README counts what is documented and what is not.

    documented   a page of AWS's documentation says so
    api-model    AWS's own service model (as botocore ships it) says so
    observed     seen by third parties in captured answers; AWS does not document it
    our choice   AWS is silent or contradicts itself; cdnlab had to pick one
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from cdnlab.errors import UnknownName
from cdnlab.facts import toml_file

__all__ = ["EVIDENCE", "Rule", "rule", "rules"]

EVIDENCE = ("documented", "api-model", "observed", "our choice")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: `id` (TTL-04), the `statement`, the `source` page or section, and the `evidence` grade."""

    id: str
    statement: str
    source: str
    evidence: str

    def __str__(self) -> str:
        return f"{self.id}: {self.statement} [{self.evidence}: {self.source}]"


@cache
def rules() -> Mapping[str, Rule]:
    """All rules by id, in the ledger's order.

    >>> rules()["PATH-01"].evidence
    'documented'
    """
    return {row["id"]: Rule(row["id"], row["statement"], row["source"], row["evidence"]) for row in toml_file("rules.toml")["rule"]}


def rule(id: str) -> Rule:
    """The rule with this id. Raises UnknownName.

    >>> rule("PATH-01").id
    'PATH-01'
    """
    try:
        return rules()[id]
    except KeyError:
        raise UnknownName("rule", id, rules()) from None
