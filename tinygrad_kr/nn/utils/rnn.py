"""Batches of sequences of different lengths: padded, or packed so that no time is spent on padding."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...ops.creation import as_tensor, full
from ...ops.joining import cat, stack
from ...tensor import Tensor, wrap

__all__ = [
    "PackedSequence",
    "invert_permutation",
    "pack_padded_sequence",
    "pack_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpack_sequence",
    "unpad_sequence",
]


class _Fields(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(_Fields):
    """The steps of sequences of different lengths, step after step, longest sequence first.

    Made by `pack_padded_sequence` and `pack_sequence`; all recurrent layers take it and give it back.

    Args:
        data: the elements of all sequences at step 0, then those at step 1 ...; (elements, *).
        batch_sizes: how many sequences reach each step.
        sorted_indices: the order of the sequences, longest first; None where they were given in it.
        unsorted_indices: its inverse.

    >>> pack_sequence([torch.tensor([1, 2, 3]), torch.tensor([4, 5])]).data
    tensor([1, 4, 2, 5, 3])

    Source: PyTorch, `torch.nn.utils.rnn.PackedSequence`.
    """

    __slots__ = ()

    def __new__(
        cls,
        data: Any,
        batch_sizes: Tensor | None = None,
        sorted_indices: Tensor | None = None,
        unsorted_indices: Tensor | None = None,
    ) -> PackedSequence:
        if batch_sizes is None:
            if not isinstance(data, (list, tuple)) or len(data) != 2:
                raise TypeError(
                    f"PackedSequence takes data and batch_sizes, or a pair of them, got "
                    f"{type(data).__name__}; let pack_sequence or pack_padded_sequence make it"
                )
            data, batch_sizes = data
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """The same with the data converted, as `Tensor.to` does; itself where there is nothing to convert."""
        data = self.data.to(*args, **kwargs)
        return self if data is self.data else type(self)(data, *self[1:])

    def double(self) -> PackedSequence:
        """With the data in float64."""
        return self._converted(self.data.double())

    def float(self) -> PackedSequence:
        """With the data in float32."""
        return self._converted(self.data.float())

    def half(self) -> PackedSequence:
        """With the data in float16."""
        return self._converted(self.data.half())

    def long(self) -> PackedSequence:
        """With the data in int64."""
        return self._converted(self.data.long())

    def int(self) -> PackedSequence:
        """With the data in int32."""
        return self._converted(self.data.int())

    def cpu(self) -> PackedSequence:
        """Itself: everything is on the CPU."""
        return self

    def pin_memory(self) -> PackedSequence:
        """Itself: there is no other device to pin memory for."""
        return self

    @property
    def is_cuda(self) -> bool:
        """False."""
        return False

    def is_pinned(self) -> bool:
        """False."""
        return False

    def _converted(self, data: Tensor) -> PackedSequence:
        return self if data is self.data else type(self)(data, *self[1:])


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The permutation that undoes another; None for None.

    >>> invert_permutation(torch.tensor([2, 0, 1]))
    tensor([1, 2, 0])

    Source: PyTorch, `torch.nn.utils.rnn.invert_permutation`.
    """
    return None if permutation is None else wrap(np.argsort(permutation._array))


def _places(lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of packed elements: their step, their sequence, and how many there are per step."""
    running = np.arange(lengths.max(initial=0))[:, None] < lengths
    step, sequence = np.nonzero(running)
    return step, sequence, np.count_nonzero(running, axis=1)


def pack_padded_sequence(
    input: Tensor, lengths: Tensor | Sequence[int], batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Pack a padded batch.

    Args:
        input: (T, N, *), or (N, T, *) with `batch_first`.
        lengths: how many steps of each sequence are no padding.
        batch_first: whether the batch is the first dimension.
        enforce_sorted: whether the sequences must come longest first; otherwise they are sorted here, and
            `pad_packed_sequence` restores their order.

    Raises:
        RuntimeError: lengths that are not sorted, not positive, more or fewer than the sequences, or longer
            than T.

    >>> x = torch.tensor([[1, 2, 0], [3, 0, 0], [4, 5, 6]])
    >>> packed = pack_padded_sequence(x, [2, 1, 3], batch_first=True, enforce_sorted=False)
    >>> packed.data, packed.batch_sizes
    (tensor([4, 1, 3, 5, 2, 6]), tensor([3, 2, 1]))

    Source: PyTorch, `torch.nn.utils.rnn.pack_padded_sequence`.
    """
    given = np.asarray(as_tensor(lengths)._array, np.int64)
    shape = input._array.shape
    if len(shape) < 2:
        raise RuntimeError(f"pack_padded_sequence: input must have 2 dimensions or more, got {len(shape)}")
    batch, longest = shape[:2] if batch_first else shape[1::-1]
    if given.shape != (batch,):
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {given.size} (batch_size={batch})"
        )
    if np.any(given <= 0):
        raise RuntimeError(f"Length of all samples has to be greater than 0, but `lengths` has {given.min()}")
    if np.any(given > longest):
        raise RuntimeError(f"`lengths` has {given.max()}, but the padded sequences have {longest} steps")
    order = None
    if not enforce_sorted:
        order = np.argsort(-given, kind="stable")
        given = given[order]
    elif np.any(given[1:] > given[:-1]):
        raise RuntimeError(
            f"`lengths` array must be sorted in decreasing order when `enforce_sorted` is True, got "
            f"{given.tolist()}; pass enforce_sorted=False to have the sequences sorted"
        )
    step, sequence, sizes = _places(given)
    origin = sequence if order is None else order[sequence]
    place = origin * longest + step if batch_first else step * batch + origin
    data = input.reshape(batch * longest, *shape[2:]).index_select(0, wrap(place))
    return PackedSequence(data, wrap(sizes), None if order is None else wrap(order))


def pad_packed_sequence(
    sequence: PackedSequence,
    batch_first: bool = False,
    padding_value: float = 0.0,
    total_length: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Undo `pack_padded_sequence`: the padded batch and the lengths, in the order given there.

    Args:
        sequence: what was packed.
        batch_first: whether the result is (N, T, *) rather than (T, N, *).
        padding_value: what fills the rest.
        total_length: T, at least the longest length, which it is by default.

    Raises:
        ValueError: `total_length` is smaller than the longest length.

    >>> packed = pack_sequence([torch.tensor([1, 2, 3]), torch.tensor([4])])
    >>> pad_packed_sequence(packed, batch_first=True)
    (tensor([[1, 2, 3],
            [4, 0, 0]]), tensor([3, 1]))

    Source: PyTorch, `torch.nn.utils.rnn.pad_packed_sequence`.
    """
    sizes = sequence.batch_sizes._array
    longest = len(sizes)
    if total_length is not None:
        if total_length < longest:
            raise ValueError(
                f"total_length (={total_length}) must be at least the length of the longest sequence, which "
                f"is {longest}"
            )
        longest = total_length
    batch = int(sizes[0])
    lengths = np.count_nonzero(sizes[:, None] > np.arange(batch), axis=0)
    data = sequence.data
    step, place, _ = _places(lengths)
    index = np.full((longest, batch), len(data._array))  # the row after the last: padding
    index[step, place] = np.arange(len(step))
    if sequence.unsorted_indices is not None:
        order = sequence.unsorted_indices._array
        index, lengths = index[:, order], lengths[order]
    if batch_first:
        index = index.T
    rest = data._array.shape[1:]
    extended = cat([data, full((1, *rest), padding_value, dtype=data.dtype)])
    return extended.index_select(0, wrap(index.ravel())).reshape(*index.shape, *rest), wrap(lengths)


def pad_sequence(
    sequences: Iterable[Tensor],
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:
    """Sequences of different lengths as one batch, padded to the longest.

    Args:
        sequences: each (L, *).
        batch_first: whether the result is (N, T, *) rather than (T, N, *).
        padding_value: what fills the rest.
        padding_side: "right" or "left".

    Raises:
        RuntimeError: no sequences, or something that is no collection of them; another side.

    >>> pad_sequence([torch.tensor([1, 2, 3]), torch.tensor([4])], batch_first=True)
    tensor([[1, 2, 3],
            [4, 0, 0]])

    Source: PyTorch, `torch.nn.utils.rnn.pad_sequence`.
    """
    if not isinstance(sequences, Iterable):
        raise RuntimeError(
            f"pad_sequence: Expected iterable for input sequences, but got arg of type: {type(sequences)}"
        )
    rows = tuple(sequences)
    if not rows:
        raise RuntimeError("pad_sequence: received an empty list of sequences")
    if padding_side not in ("left", "right"):
        raise RuntimeError(f"padding_side must be 'right' or 'left', got {padding_side!r}")
    longest = max(len(one) for one in rows)
    padded = []
    for one in rows:
        missing = longest - len(one)
        if missing:
            rest = full((missing, *one._array.shape[1:]), padding_value, dtype=one.dtype)
            one = cat([one, rest] if padding_side == "right" else [rest, one])
        padded.append(one)
    return stack(padded, 0 if batch_first else 1)


def unpad_sequence(padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False) -> list[Tensor]:
    """The sequences of a padded batch, without their padding.

    >>> unpad_sequence(torch.tensor([[1, 2, 3], [4, 0, 0]]), torch.tensor([3, 1]), batch_first=True)
    [tensor([1, 2, 3]), tensor([4])]

    Source: PyTorch, `torch.nn.utils.rnn.unpad_sequence`.
    """
    batch = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    if len(batch) != len(lengths):
        raise ValueError(f"expected a length for each of {len(batch)} sequences, got {len(lengths)} lengths")
    return [one[: int(length)] for one, length in zip(batch, lengths)]


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Pack sequences of different lengths: `pad_sequence`, then `pack_padded_sequence`.

    >>> pack_sequence([torch.tensor([1, 2, 3]), torch.tensor([4, 5]), torch.tensor([6])]).data
    tensor([1, 4, 6, 2, 5, 3])

    Source: PyTorch, `torch.nn.utils.rnn.pack_sequence`.
    """
    lengths = [len(one) for one in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """Undo `pack_sequence`.

    >>> unpack_sequence(pack_sequence([torch.tensor([1, 2, 3]), torch.tensor([4, 5])]))
    [tensor([1, 2, 3]), tensor([4, 5])]

    Source: PyTorch, `torch.nn.utils.rnn.unpack_sequence`.
    """
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
