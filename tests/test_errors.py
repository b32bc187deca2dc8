"""Errors say what was wrong, where, and what would work, and have botocore's shape."""

import pytest

from cdnlab import errors
from cdnlab.errors import AccessDenied, APIError, ConfigError, InputError, OriginError, Problem, UnknownName


def test_the_tree_at_the_top_of_the_file_is_the_tree_of_classes():
    drawn = [word for line in errors.__doc__.splitlines() for word in line.split() if word in errors.__all__]
    assert set(errors.__all__) - set(drawn) == {"Problem"}
    assert issubclass(AccessDenied, APIError)
    assert issubclass(UnknownName, InputError)
    assert not issubclass(OriginError, InputError)


def test_an_unknown_name_suggests_what_is_close_or_says_what_is_known():
    assert "did you mean 'Lisbon'?" in str(UnknownName("city", "Lisbn", ["Lisbon", "Oslo"]))
    assert str(UnknownName("edge", "QQQ", ["AKL", "LIS"])).endswith("known: AKL, LIS")
    assert str(UnknownName("edge", "QQQ", [], "three letters")).endswith("three letters")
    assert str(UnknownName("n", "zz", [f"name{i:02}" for i in range(20)])).endswith("...")


def test_all_problems_of_a_config_are_reported_together():
    problems = [Problem("InvalidArgument", "A.B", "1", "rule one"), Problem("NoSuchOrigin", "C", "'x'", "rule two", "a, b")]
    error = ConfigError(problems)
    assert error.problems == tuple(problems)
    assert (error.code, error.path) == ("InvalidArgument", "A.B")
    assert "2 problems" in str(error)
    assert "legal: a, b" in str(error)


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (APIError("NoSuchKey", "gone", 404), "NoSuchKey", 404),
        (AccessDenied(), "AccessDenied", 403),
        (UnknownName("city", "x"), "UnknownName", 404),
        (ConfigError([]), "InvalidArgument", 400),
    ],
)
def test_every_error_can_be_read_like_botocores_client_error(error, code, status):
    assert error.response["Error"]["Code"] == code
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert error.response["Error"]["Message"] == str(error)


def test_a_huge_name_is_not_echoed_in_full():
    error = UnknownName("city", "a" * 100_000, ["Lisbon"])
    assert len(str(error)) < 200
    assert error.name == "a" * 100_000


@pytest.mark.parametrize("name", ["EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "private key"])
def test_no_message_repeats_a_private_key_that_stands_in_the_wrong_place(name):
    pem = f"-----BEGIN {name}-----\nMHcCAQEEIHush+/0\nAwEHoUQDQg==\n-----END {name}-----\n"
    problem = Problem("InvalidArgument", "Name", repr(pem[:60]), "too long", "a name")
    for error in (
        UnknownName("city", pem),
        InputError(f"seed is {pem!r}; give a number"),
        APIError("InvalidBucketName", pem),
        ConfigError([problem]),
        OriginError("dns", pem),
        InputError(f"policy is '{pem[:50]}...Hush==\\n-----END {name}-----'; write a policy"),
    ):
        assert "Hush" not in f"{error} {error!r} {error.response} {getattr(error, 'message', '')}"
    assert str(InputError(f"seed is {pem!r}; give a number")).endswith(f"(not shown) -----END {name}-----\\n'; give a number")
