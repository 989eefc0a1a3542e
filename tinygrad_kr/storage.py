"""What tensors know of the memory they share: how often it was changed, and which views there are."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .tensor import Tensor


class Storage:
    """What tensors over one piece of memory share: the count of its changes, and the views of its base."""

    version = 0
    views: dict[int, weakref.ref[Tensor]] | None = None  # by their ids, with some that are gone
    limit = 16  # when to look for views that are gone

    def add_view(self, view: Tensor) -> None:
        """Note a view, so that in-place changes of others reach it."""
        views = self.views
        if views is None:
            self.views = {id(view): weakref.ref(view)}
            return
        views[id(view)] = weakref.ref(view)
        if len(views) > self.limit:
            for key, reference in list(views.items()):
                if reference() is None:
                    views.pop(key, None)
            self.limit = 16 + 2 * len(views)

    def living_views(self) -> list[Tensor]:
        """The views that are still there."""
        views = [reference() for reference in list((self.views or {}).values())]
        return [view for view in views if view is not None]


class Storages(tuple[Storage, ...]):
    """Those of several tensors, as one: its version changes when any of theirs does."""

    __slots__ = ()

    @property
    def version(self) -> tuple[int, ...]:
        """The versions of all."""
        return tuple([storage.version for storage in self])


class InferenceStorage(Storage):
    """The storage of a tensor made in `inference_mode`: it keeps no count that backward could rely on."""

    @property
    def version(self) -> int:  # type: ignore[override]
        raise RuntimeError(
            "an inference tensor cannot be saved for backward: it was made inside inference_mode, which "
            "keeps no "
            "record of changes. Use no_grad() there instead, or clone() the tensor outside inference_mode."
        )

    @version.setter
    def version(self, value: int) -> None:
        """In-place changes of inference tensors need no record."""
