"""Invalidation paths: how they are written, what they remove, and how long they are in progress."""

from __future__ import annotations

import pytest
from configs import config, listed
from hypothesis import given
from hypothesis import strategies as st

from cdnlab.clock import SimulatedClock
from cdnlab.control import ControlPlane
from cdnlab.errors import APIError, ConfigError
from cdnlab.invalidations import cache_tags, invalidates, is_wildcard


class Plane(ControlPlane):
    """A control plane that writes down what the service would hear."""

    def __init__(self, **changes):
        self.clock, self.heard = SimulatedClock(), []
        super().__init__(self.clock)
        self.id = self.create_distribution(DistributionConfig=config(**changes))["Distribution"]["Id"]

    def _invalidated(self, distribution, paths):
        self.heard.append((distribution.id, paths))

    def invalidate(self, *paths, reference="r"):
        return self.create_invalidation(DistributionId=self.id, InvalidationBatch={"Paths": listed(*paths), "CallerReference": reference})


@pytest.mark.rule("INV-01", "INV-02", "INV-03", "INV-04")
@pytest.mark.parametrize(
    ("pattern", "path", "query", "removed"),
    [
        ("/a.jpg", "/a.jpg", None, True),
        ("/a.jpg", "/A.jpg", None, False),
        ("/a.jpg", "/a.jpg", "v=1", False),
        ("/a.jpg?v=1", "/a.jpg", "v=1", True),
        ("/a.jpg?v=1", "/a.jpg", "v=2", False),
        ("/a.jpg*", "/a.jpg", "v=1", True),
        ("/a.jpg*", "/a.jpgx", None, True),
        ("/images/*.jpg", "/images/cat.jpg", None, False),
        ("/images/*.jpg", "/images/*.jpg", None, True),
        ("/dir/*", "/dir/a/b", "x=1", True),
        ("/dir/*", "/dir", None, False),
        ("/dir/*", "/directory", None, False),
        ("/dir*", "/dir", None, True),
        ("/dir*", "/directory/x", None, True),
        ("/*", "/anything", "q", True),
        ("/a/*/b*", "/a/*/bc", None, True),
        ("/a/*/b*", "/a/x/bc", None, False),
        ("/caf%C3%A9", "/caf%C3%A9", None, True),
        ("/caf%C3%A9", "/caf%c3%a9", None, False),
        ("/images/", "/images", None, False),
    ],
)
def test_a_path_removes_what_the_guide_says(pattern, path, query, removed):
    assert invalidates(pattern, path, query) is removed


@given(st.text("/ab*?", max_size=6), st.text("/ab*", max_size=8))
def test_a_star_works_only_at_the_end(prefix, path):
    assert invalidates(f"/{prefix}*", f"/{path}") == f"/{path}".startswith(f"/{prefix}")
    assert invalidates(f"/{prefix}x", f"/{prefix}x" if "?" not in prefix else "/") == ("?" not in prefix)


def test_a_wildcard_is_known_by_its_end():
    assert [is_wildcard(path) for path in ("/*", "/a*", "/*a", "#tag*")] == [True, True, False, False]


@pytest.mark.rule("INV-07", "INV-08", "INV-09")
@pytest.mark.parametrize(
    "path",
    [
        "",
        "images/*",
        "*",
        "/" + "a" * 4000,
        "/a b",
        "/ä",
        "/a~b",
        "/a%7Eb",
        "/a%7eb",
        '/"',
        "/<x>",
        "/a#b",
        "/a\\b",
        "/a|b",
        "/{a}",
        "/`",
        "/^",
        "/\n",
    ],
)
def test_a_path_that_cannot_be_invalidated_is_refused(path):
    plane = Plane()
    with pytest.raises(ConfigError) as caught:
        plane.invalidate("/fine", path)
    assert (caught.value.code, caught.value.path) == ("InvalidArgument", "Paths.Items[1]")
    assert plane.heard == []


@pytest.mark.rule("INV-07", "INV-08")
@pytest.mark.parametrize("path", ["/", "/*", "/" + "a" * 3999, "/a%20b", "/caf%C3%A9", "/a?b=c&d=e", "/a/*/b.jpg", "/$-_.+!*'(),;:@&=[x]"])
def test_a_path_that_is_written_right_is_taken(path):
    plane = Plane()
    plane.invalidate(path)
    assert plane.heard == [(plane.id, (path,))]


@pytest.mark.rule("INV-05")
def test_the_same_reference_is_the_same_invalidation():
    plane = Plane()
    first = plane.invalidate("/a", "/b", reference="one")
    again = plane.invalidate("/b", "/a", reference="one")
    assert again == first and len(plane.heard) == 1
    with pytest.raises(APIError) as caught:
        plane.invalidate("/c", reference="one")
    assert (caught.value.code, caught.value.status) == ("InvalidationBatchAlreadyExists", 409)
    assert plane.invalidate("/c", reference="two")["Invalidation"]["Id"] != first["Invalidation"]["Id"]


@pytest.mark.rule("INV-06")
def test_an_invalidation_is_completed_after_a_while():
    plane = Plane()
    made = plane.invalidate("/a")
    assert made["Invalidation"]["Status"] == "InProgress"
    assert plane.get_distribution(Id=plane.id)["Distribution"]["InProgressInvalidationBatches"] == 1
    plane.clock.advance(30)
    read = plane.get_invalidation(DistributionId=plane.id, Id=made["Invalidation"]["Id"])["Invalidation"]
    assert (read["Status"], read["InvalidationBatch"]["Paths"]) == ("Completed", listed("/a"))
    assert plane.get_distribution(Id=plane.id)["Distribution"]["InProgressInvalidationBatches"] == 0


@pytest.mark.rule("INV-10")
def test_only_so_many_paths_may_be_in_progress():
    plane = Plane()
    with pytest.raises(ConfigError) as caught:
        plane.invalidate(*(f"/{n}" for n in range(3001)))
    assert caught.value.code == "BatchTooLarge"
    plane.invalidate(*(f"/{n}" for n in range(3000)), reference="full")
    for reference, paths in (("more", ["/x"]), ("wild", [f"/{n}*" for n in range(16)])):
        with pytest.raises(APIError) as refused:
            plane.invalidate(*paths, reference=reference)
        assert refused.value.code == "TooManyInvalidationsInProgress"
    plane.invalidate(*(f"/{n}*" for n in range(15)), reference="wild")
    plane.clock.advance(31)
    plane.invalidate("/x", reference="more")


@pytest.mark.rule("INV-11")
def test_tags_need_a_cache_tag_config():
    with pytest.raises(ConfigError, match="no CacheTagConfig"):
        Plane().invalidate("#product:tv")
    plane = Plane(CacheTagConfig={"HeaderName": "Cache-Tag"})
    plane.invalidate("#product:tv", "/x")
    assert plane.heard == [(plane.id, ("#product:tv", "/x"))]
    for wrong in ("#", "#a,b", "#" + "x" * 257, "#ä"):
        with pytest.raises(ConfigError, match="not a cache tag"):
            plane.invalidate(wrong, reference=wrong)


@pytest.mark.rule("INV-11")
def test_tags_of_a_header_are_compared_without_case_and_counted():
    assert cache_tags("Product:TV, brand:x,,a b, " + "y" * 257) == {"product:tv", "brand:x"}
    assert len(cache_tags(",".join(f"t{n}" for n in range(99)))) == 50


@pytest.mark.parametrize(
    ("batch", "code"),
    [
        ({"Paths": {"Quantity": 0}, "CallerReference": "r"}, "InvalidArgument"),
        ({"Paths": {"Quantity": 2, "Items": ["/a"]}, "CallerReference": "r"}, "InconsistentQuantities"),
        ({"Paths": {"Quantity": 1, "Items": [7]}, "CallerReference": "r"}, "InvalidArgument"),
        ({"Paths": {"Quantity": 1, "Items": ["/a"]}, "CallerReference": ""}, "InvalidArgument"),
        ({"Paths": {"Quantity": 1, "Items": ["/a"]}}, "InvalidArgument"),
        ("/a", "InvalidArgument"),
    ],
)
def test_a_batch_has_the_shape_of_the_api(batch, code):
    plane = Plane()
    with pytest.raises(ConfigError) as caught:
        plane.create_invalidation(DistributionId=plane.id, InvalidationBatch=batch)
    assert caught.value.code == code


def test_invalidations_belong_to_their_distribution():
    plane = Plane()
    id = plane.invalidate("/a", reference="1")["Invalidation"]["Id"]
    plane.invalidate("/b", reference="2")
    listing = plane.list_invalidations(DistributionId=plane.id)["InvalidationList"]
    assert [item["Id"] for item in listing["Items"]][1] == id and listing["Quantity"] == 2
    other = plane.create_distribution(DistributionConfig=config(CallerReference="other"))["Distribution"]["Id"]
    assert "Items" not in plane.list_invalidations(DistributionId=other)["InvalidationList"]
    for call, arguments, code in (
        (plane.get_invalidation, {"DistributionId": other, "Id": id}, "NoSuchInvalidation"),
        (plane.get_invalidation, {"DistributionId": "E0", "Id": id}, "NoSuchDistribution"),
        (plane.list_invalidations, {"DistributionId": "E0"}, "NoSuchDistribution"),
    ):
        with pytest.raises(APIError) as caught:
            call(**arguments)
        assert (caught.value.code, caught.value.status) == (code, 404)
