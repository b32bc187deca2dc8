"""A byte-bounded store of objects that forgets what was used longest ago.

Amazon documents that an edge location or a regional edge cache drops objects that are asked for less often when it
needs the room, and documents neither the policy nor the sizes. This store evicts the least recently used object (our
choice), and its size is a knob.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from typing import Generic, TypeVar

from cdnlab.errors import InputError

__all__ = ["Store"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Store(Generic[K, V]):
    """At most `capacity` bytes of objects; `evicted(key, value)` is called for each one that has to leave.

    An object larger than the whole store is never kept. Raises InputError for a capacity that is not a positive number.

    >>> store = Store(10)
    >>> store.put("a", "first", 6), store.put("b", "second", 6), store.get("a"), store.used
    (True, True, None, 6)
    """

    __slots__ = ("_evicted", "_objects", "capacity", "used")

    def __init__(self, capacity: int, evicted: Callable[[K, V], object] | None = None) -> None:
        if isinstance(capacity, bool) or not isinstance(capacity, int) or capacity <= 0:
            raise InputError(f"a store's capacity is a positive whole number of bytes, not {capacity!r}")
        self.capacity, self.used = capacity, 0
        self._objects: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._evicted = evicted

    def get(self, key: K) -> V | None:
        """The object, now the most recently used one; None when it is not here."""
        found = self._objects.get(key)
        if found is None:
            return None
        self._objects.move_to_end(key)
        return found[0]

    def peek(self, key: K) -> V | None:
        """The object, without using it."""
        found = self._objects.get(key)
        return None if found is None else found[0]

    def put(self, key: K, value: V, size: int) -> bool:
        """Keep an object of `size` bytes, replacing one of the same key; False when it does not fit at all."""
        self.discard(key)
        if size > self.capacity:
            return False
        self._objects[key] = (value, size)
        self.used += size
        while self.used > self.capacity:
            old, (gone, weight) = self._objects.popitem(last=False)
            self.used -= weight
            if self._evicted is not None:
                self._evicted(old, gone)
        return True

    def discard(self, key: K, value: V | None = None) -> bool:
        """Forget an object; when `value` is given, only if it is that very one. Says whether something went."""
        found = self._objects.get(key)
        if found is None or (value is not None and found[0] is not value):
            return False
        del self._objects[key]
        self.used -= found[1]
        return True

    def items(self) -> Iterator[tuple[K, V]]:
        """(key, object) of all, least recently used first; a snapshot."""
        return iter([(key, value) for key, (value, _) in self._objects.items()])

    def __contains__(self, key: object) -> bool:
        return key in self._objects

    def __len__(self) -> int:
        return len(self._objects)

    def __repr__(self) -> str:
        return f"Store({len(self)} objects, {self.used} of {self.capacity} bytes)"
