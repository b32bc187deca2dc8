"""The store holds at most its bytes and forgets what was used longest ago."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdnlab.errors import InputError
from cdnlab.storage import Store


@given(
    st.integers(1, 30), st.lists(st.tuples(st.sampled_from(["get", "put", "discard"]), st.integers(0, 6), st.integers(0, 12)), max_size=60)
)
@pytest.mark.rule("PATH-12")
def test_the_store_behaves_like_a_list_sorted_by_last_use(capacity, calls):
    evicted = []
    store = Store(capacity, lambda key, value: evicted.append(key))
    model: list[tuple[int, int]] = []  # (key, size), the most recently used last
    expected = []
    for call, key, size in calls:
        here = next((pair for pair in model if pair[0] == key), None)
        if call == "get":
            assert store.get(key) == (None if here is None else here)
            if here:
                model.remove(here)
                model.append(here)
        elif call == "discard":
            assert store.discard(key) is (here is not None)
            model = [pair for pair in model if pair[0] != key]
        else:
            model = [pair for pair in model if pair[0] != key]
            assert store.put(key, (key, size), size) is (size <= capacity)
            if size <= capacity:
                model.append((key, size))
                while sum(weight for _, weight in model) > capacity:
                    expected.append(model.pop(0)[0])
        assert [key for key, _ in store.items()] == [key for key, _ in model]
        assert store.used == sum(weight for _, weight in model) <= capacity
    assert evicted == expected


def test_peeking_does_not_use_an_object():
    store = Store(2)
    store.put("a", 1, 1)
    store.put("b", 2, 1)
    assert store.peek("a") == 1
    assert store.peek("z") is None
    store.put("c", 3, 1)
    assert "a" not in store
    assert len(store) == 2
    assert repr(store) == "Store(2 objects, 2 of 2 bytes)"


def test_an_object_is_discarded_only_if_it_is_the_one_meant():
    store, old, new = Store(9), object(), object()
    store.put("a", new, 1)
    assert not store.discard("a", old)
    assert store.discard("a", new)


@pytest.mark.parametrize("capacity", [0, -1, 1.5, "10", None, True])
def test_a_capacity_that_is_no_number_of_bytes_is_refused(capacity):
    with pytest.raises(InputError, match="capacity"):
        Store(capacity)
