"""What a config may refer to."""

from __future__ import annotations

import pytest
from configs import DISABLED, OPTIMIZED

from cdnlab.account import Account


def test_own_policies_come_before_managed_ones():
    own = {"Name": "own"}
    account = Account(cache_policies={"id": own, OPTIMIZED: own})
    assert account.policy("cache", "id") is own and account.policy("cache", OPTIMIZED) is own
    assert account.policy("cache", DISABLED)["Name"] == "Managed-CachingDisabled"
    assert account.policy("origin-request", "id") is None
    assert account.names("cache")[:2] == ["id", OPTIMIZED] and DISABLED in account.names("cache")


@pytest.mark.rule("CONF-51")
@pytest.mark.parametrize(
    ("id", "meant"),
    [
        ("658327ea-f89d-4fab-a63d-7e88639e5ABC", OPTIMIZED),
        ("4135ea2d-6df8-44a3-9df3-4b5aEXAMPLE1", DISABLED),
        (OPTIMIZED, None),
        (OPTIMIZED[:-1] + "7", None),
        (OPTIMIZED.upper(), None),
        ("00000000-f89d-4fab-a63d-7e88639e5ABC", None),
        ("EXAMPLE", None),
    ],
)
def test_only_an_id_with_capitals_at_its_end_is_a_disguise(id, meant):
    assert Account().meant("cache", id) == meant
