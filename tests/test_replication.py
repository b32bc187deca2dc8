"""Replication: what is copied, when it arrives, and what is not copied."""

import pytest

from cdnlab.bucket import Bucket
from cdnlab.clock import SimulatedClock
from cdnlab.errors import APIError
from cdnlab.replication import REPLICATION_SECONDS

ROLE = "arn:aws:iam::111122223333:role/replicate"


def rule(target="tokyo", **more):
    new = {"Priority": 1, "Filter": {}, "DeleteMarkerReplication": {"Status": "Disabled"}}
    return {"Status": "Enabled", "Destination": {"Bucket": f"arn:aws:s3:::{target}"}, **new, **more}


def buckets(*names):
    clock = SimulatedClock()
    made = [
        Bucket(name, region, clock) for name, region in zip(names, ("eu-north-1", "ap-northeast-1", "us-east-1", "sa-east-1"), strict=False)
    ]
    together = {each.name: each for each in made}
    for each in made:
        each.neighbours.update(together)
        each.put_bucket_versioning(VersioningConfiguration={"Status": "Enabled"})
    return clock, *made


def replicate(source, *rules):
    source.put_bucket_replication(ReplicationConfiguration={"Role": ROLE, "Rules": list(rules)})


def body(bucket, key):
    return bucket.get_object(Key=key)["Body"].read()


def there(bucket):
    return [each["Key"] for each in bucket.list_objects_v2().get("Contents", [])]


@pytest.mark.rule("S3-50", "S3-52")
def test_what_is_put_after_the_rule_arrives_later_and_what_was_there_does_not():
    clock, paris, tokyo = buckets("paris", "tokyo")
    paris.put_object(Key="old.jpg", Body=b"old")
    replicate(paris, rule())
    version = paris.put_object(Key="new.jpg", Body=b"new", ContentType="image/jpeg", Metadata={"a": "1"})["VersionId"]
    assert paris.head_object(Key="new.jpg")["ReplicationStatus"] == "PENDING"
    assert "ReplicationStatus" not in paris.head_object(Key="old.jpg")
    clock.advance(REPLICATION_SECONDS - 1)
    assert there(tokyo) == []
    clock.advance(1)
    assert there(tokyo) == ["new.jpg"]
    copy = tokyo.get_object(Key="new.jpg")
    assert (copy["Body"].read(), copy["ContentType"], copy["Metadata"], copy["VersionId"]) == (b"new", "image/jpeg", {"a": "1"}, version)
    assert copy["ReplicationStatus"] == "REPLICA"
    assert copy["LastModified"] == paris.head_object(Key="new.jpg")["LastModified"]
    assert paris.head_object(Key="new.jpg")["ReplicationStatus"] == "COMPLETED"


@pytest.mark.rule("S3-52")
def test_until_the_copy_arrives_the_old_one_is_read():
    clock, paris, tokyo = buckets("paris", "tokyo")
    paris.replication_seconds = 60
    replicate(paris, rule())
    paris.put_object(Key="a", Body=b"1")
    clock.advance(60)
    paris.put_object(Key="a", Body=b"2")
    assert (body(paris, "a"), body(tokyo, "a")) == (b"2", b"1")
    clock.advance(60)
    assert body(tokyo, "a") == b"2"


@pytest.mark.rule("S3-54")
def test_replication_time_control_bounds_the_wait():
    clock, paris, tokyo, ohio = buckets("paris", "tokyo", "ohio")
    paris.replication_seconds = 86_400
    timed = {"ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 15}}, "Metrics": {"Status": "Enabled"}}
    replicate(paris, rule("tokyo", Destination={"Bucket": "arn:aws:s3:::tokyo", **timed}), rule("ohio", Priority=2))
    paris.put_object(Key="a", Body=b"1")
    clock.advance(900)
    assert (there(tokyo), there(ohio)) == (["a"], [])
    clock.advance(86_400)
    assert there(ohio) == ["a"]


@pytest.mark.rule("S3-50")
def test_copies_are_not_copied_on():
    clock, paris, tokyo, ohio = buckets("paris", "tokyo", "ohio")
    replicate(paris, rule("tokyo"))
    replicate(tokyo, rule("ohio"))
    paris.put_object(Key="a", Body=b"1")
    tokyo.put_object(Key="b", Body=b"2")
    clock.advance(REPLICATION_SECONDS * 3)
    assert (there(tokyo), there(ohio)) == (["a", "b"], ["b"])


@pytest.mark.rule("S3-50")
def test_a_prefix_a_disabled_rule_and_several_destinations():
    clock, paris, tokyo, ohio = buckets("paris", "tokyo", "ohio")
    replicate(paris, rule("tokyo", Filter={"Prefix": "a/"}), rule("ohio", Priority=2), rule("ohio", Priority=3, Status="Disabled"))
    for key in ("a/1", "b/1"):
        paris.put_object(Key=key, Body=b"")
    clock.advance(REPLICATION_SECONDS)
    assert (there(tokyo), there(ohio)) == (["a/1"], ["a/1", "b/1"])
    paris.delete_bucket_replication()
    paris.put_object(Key="a/2", Body=b"")
    clock.advance(REPLICATION_SECONDS)
    assert there(tokyo) == ["a/1"]


@pytest.mark.rule("S3-53")
@pytest.mark.parametrize(
    ("given", "copied"),
    [
        (rule(), False),
        (rule(DeleteMarkerReplication={"Status": "Enabled"}), True),
        ({"Status": "Enabled", "Prefix": "", "Destination": {"Bucket": "arn:aws:s3:::tokyo"}}, True),
    ],
)
def test_a_delete_marker_is_copied_if_the_rule_says_so_or_is_of_the_first_version(given, copied):
    clock, paris, tokyo = buckets("paris", "tokyo")
    replicate(paris, given)
    version = paris.put_object(Key="a", Body=b"1")["VersionId"]
    clock.advance(REPLICATION_SECONDS)
    paris.delete_object(Key="a")
    clock.advance(REPLICATION_SECONDS)
    assert (there(tokyo) == []) is copied
    paris.delete_object(Key="a", VersionId=version)
    clock.advance(REPLICATION_SECONDS)
    assert [each["VersionId"] for each in tokyo.list_object_versions()["Versions"]] == [version]


@pytest.mark.rule("S3-51")
def test_both_sides_keep_versions_or_it_fails():
    clock, paris, tokyo = buckets("paris", "tokyo")
    plain = Bucket("plain", clock=clock)
    plain.neighbours["tokyo"] = paris.neighbours["plain"] = tokyo
    with pytest.raises(APIError, match="Versioning must be 'Enabled'"):
        replicate(plain, rule())
    paris.neighbours["plain"] = plain
    with pytest.raises(APIError, match="must have versioning enabled"):
        replicate(paris, rule("plain"))
    with pytest.raises(APIError, match=r"must exist.*tokyo"):
        replicate(paris, rule("oslo"))
    with pytest.raises(APIError, match="must not be the source"):
        replicate(paris, rule("paris"))
    replicate(paris, rule())
    with pytest.raises(APIError) as caught:
        paris.put_bucket_versioning(VersioningConfiguration={"Status": "Suspended"})
    assert (caught.value.code, caught.value.status) == ("InvalidBucketState", 409)
    tokyo.put_bucket_versioning(VersioningConfiguration={"Status": "Suspended"})
    paris.put_object(Key="a", Body=b"1")
    clock.advance(REPLICATION_SECONDS)
    assert paris.head_object(Key="a")["ReplicationStatus"] == "FAILED"
    assert there(tokyo) == []


@pytest.mark.rule("S3-51")
def test_a_destination_that_is_out_of_reach_fails():
    _, paris, _ = buckets("paris", "tokyo")
    replicate(paris, rule())
    del paris.neighbours["tokyo"]
    paris.put_object(Key="a", Body=b"1")
    assert paris.head_object(Key="a")["ReplicationStatus"] == "FAILED"


@pytest.mark.rule("S3-28")
def test_the_configuration_is_read_back_and_taken_away():
    _, paris, _ = buckets("paris", "tokyo")
    with pytest.raises(APIError, match="ReplicationConfigurationNotFoundError"):
        paris.get_bucket_replication()
    replicate(paris, rule(ID="r"))
    assert paris.get_bucket_replication()["ReplicationConfiguration"] == {"Role": ROLE, "Rules": [rule(ID="r")]}
    paris.delete_bucket_replication()
    with pytest.raises(APIError, match="ReplicationConfigurationNotFoundError"):
        paris.get_bucket_replication()


@pytest.mark.rule("S3-28")
@pytest.mark.parametrize(
    ("config", "says"),
    [
        ([], "ReplicationConfiguration"),
        ({"Role": "me", "Rules": [rule()]}, "Role"),
        ({"Role": ROLE, "Rules": []}, "1,000"),
        ({"Role": ROLE, "Rules": [rule(Status="On")]}, "Enabled or Disabled"),
        ({"Role": ROLE, "Rules": [rule(Destination={"Bucket": "tokyo"})]}, "ARN of a bucket"),
        ({"Role": ROLE, "Rules": [rule(SourceSelectionCriteria={})]}, "cdnlab knows here"),
        (
            {"Role": ROLE, "Rules": [rule(Destination={"Bucket": "arn:aws:s3:::tokyo", "ReplicationTime": {"Status": "Enabled"}})]},
            "needs Metrics",
        ),
        (
            {"Role": ROLE, "Rules": [rule(Destination={"Bucket": "arn:aws:s3:::tokyo", "ReplicationTime": {"Time": {"Minutes": 5}}})]},
            "Minutes",
        ),
        ({"Role": ROLE, "Rules": [rule(Filter={"Tag": {}})]}, "Filter.Tag"),
        ({"Role": ROLE, "Rules": [rule(DeleteMarkerReplication={"Status": "x"})]}, "DeleteMarkerReplication.Status"),
        ({"Role": ROLE, "Rules": [rule(), rule()]}, "another number"),
        ({"Role": ROLE, "Rules": [rule(Priority="1"), rule()]}, "Priority"),
        ({"Role": ROLE, "Rules": [{**rule(), "Prefix": "x", "ID": 1}]}, "ID"),
        ({"Role": ROLE, "Rules": [{name: value for name, value in rule().items() if name != "Filter"}]}, "need a Filter"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused(config, says):
    _, paris, _ = buckets("paris", "tokyo")
    with pytest.raises(APIError, match=says):
        paris.put_bucket_replication(ReplicationConfiguration=config)
