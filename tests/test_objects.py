"""What a bucket holds: versions, markers and pages of a listing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdnlab.errors import APIError
from cdnlab.objects import Objects, StoredObject
from cdnlab.s3answers import check_key


def filled(*keys):
    objects = Objects("test")
    for key in keys:
        objects.put(StoredObject(key, b"x", 0.0))
    return objects


def names(page):
    return [each.key for each in page.objects], list(page.prefixes)


@pytest.mark.rule("S3-13")
def test_an_objects_entity_tag_is_its_md5_in_quotation_marks():
    assert StoredObject("a", b"", 0.0).etag == '"d41d8cd98f00b204e9800998ecf8427e"'


@pytest.mark.rule("S3-27")
def test_a_listing_rolls_keys_up_into_folders():
    objects = filled("sample.jpg", "photos/2006/Jan/a.jpg", "photos/2006/Feb/b.jpg", "photos/c.jpg")
    assert names(objects.page(delimiter="/")) == (["sample.jpg"], ["photos/"])
    assert names(objects.page("photos/", "/")) == (["photos/c.jpg"], ["photos/2006/"])
    assert names(objects.page("photos/2006/", "/")) == ([], ["photos/2006/Feb/", "photos/2006/Jan/"])
    assert names(objects.page("photos/2006")) == (["photos/2006/Feb/b.jpg", "photos/2006/Jan/a.jpg"], [])
    assert names(objects.page("nothing")) == ([], [])


@pytest.mark.rule("S3-27")
def test_keys_come_in_the_order_of_their_utf8_bytes():
    assert names(filled("b", "a", "Z", "ö", "\U0001f600", "￿").page())[0] == ["Z", "a", "b", "ö", "￿", "\U0001f600"]


@pytest.mark.rule("S3-27")
@given(
    st.sets(st.text("ab/", min_size=1, max_size=5), max_size=12),
    st.integers(1, 5),
    st.sampled_from(["", "/", "a", "/b"]),
    st.sampled_from(["", "a", "a/"]),
)
def test_the_pages_of_a_listing_together_are_the_listing(keys, limit, delimiter, prefix):
    objects = filled(*keys)
    whole = objects.page(prefix, delimiter)
    found, prefixes, after, truncated = [], [], "", True
    while truncated:
        page = objects.page(prefix, delimiter, after, limit)
        assert len(page.objects) + len(page.prefixes) <= limit
        found += page.objects
        prefixes += page.prefixes
        after, truncated = page.last, page.truncated
    assert (tuple(found), tuple(prefixes)) == whole[:2]
    assert {key for key in keys if key.startswith(prefix)} == {each.key for each in found} | {
        key for key in keys for each in prefixes if key.startswith(each)
    }


@pytest.mark.rule("S3-26")
def test_versions_stay_and_a_delete_puts_a_marker_on_top():
    objects = filled("a")
    objects.versioning = "Enabled"
    second = objects.put(StoredObject("a", b"2", 1.0, version=objects.next_version()))
    marker = objects.delete("a", None, 2.0)
    assert marker.deleted
    assert objects.find("a") == marker
    assert not list(objects)
    assert [(each.version, latest) for each, latest in objects.versions()] == [
        (marker.version, True),
        (second.version, False),
        ("null", False),
    ]
    assert objects.find("a", second.version).data == b"2"
    assert objects.delete("a", marker.version, 3.0) == marker
    assert objects.find("a") == second
    assert objects.delete("a", "never", 3.0) is None


@pytest.mark.rule("S3-26")
def test_suspended_versioning_replaces_the_null_version_only():
    objects = Objects("test", "Enabled")
    first = objects.put(StoredObject("a", b"1", 0.0, version=objects.next_version()))
    objects.versioning = "Suspended"
    for data in (b"2", b"3"):
        objects.put(StoredObject("a", data, 1.0, version=objects.next_version()))
    assert [each.data for each, _ in objects.versions()] == [b"3", b"1"]
    assert objects.delete("a", None, 2.0).version == "null"
    assert [each.version for each, _ in objects.versions()] == ["null", first.version]


def test_without_versioning_a_delete_is_for_good():
    objects = filled("a")
    assert objects.delete("a", None, 0.0).key == "a"
    assert objects.find("a") is None
    assert objects.delete("a", None, 0.0) is None
    assert not list(objects.versions())


@pytest.mark.rule("S3-17")
@pytest.mark.parametrize(
    ("key", "code"), [("", "InvalidURI"), ("x" * 1025, "KeyTooLongError"), ("ö" * 513, "KeyTooLongError"), ("\ud800", "InvalidURI")]
)
def test_a_key_has_1_to_1024_bytes_of_utf8(key, code):
    with pytest.raises(APIError) as caught:
        check_key(key)
    assert caught.value.code == code
    assert check_key("ö" * 512)
