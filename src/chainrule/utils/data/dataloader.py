"""The loader: a data set in batches, in torch's order.

What an iteration takes from the stream of random numbers, as in torch: a base seed when it starts, then, at the first
batch, whatever the sampler draws.

There are no worker processes. `num_workers=n` loads in this process, one batch after the other, and gives what n
processes would: each worker has its own copy of an iterable data set, its own seed (base seed + number) for the streams
of chainrule, `random` and `numpy.random`, its `get_worker_info()`, and the batches go round the workers in turn.
"""

from __future__ import annotations

import copy
import itertools
import random
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from chainrule.api.random import Generator, default_generator
from chainrule.base import mersenne
from chainrule.utils.data.collate import default_collate, default_convert
from chainrule.utils.data.dataset import Dataset, IterableDataset, TensorDataset, fetched
from chainrule.utils.data.sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler, draw_seed

__all__ = ["DataLoader", "Dataset", "IterableDataset", "TensorDataset", "default_collate", "default_convert",
           "get_worker_info"]  # fmt: skip

T = TypeVar("T")
_FIXED = {"batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers"}


@dataclass
class WorkerInfo:
    """What `get_worker_info` says: the worker's number, how many there are, its seed, its copy of the data set."""

    id: int
    num_workers: int
    seed: int
    dataset: Any


_worker: ContextVar[WorkerInfo | None] = ContextVar("worker", default=None)


def get_worker_info() -> WorkerInfo | None:
    """The worker that is loading just now, None outside of loading with `num_workers > 0`."""
    return _worker.get()


class DataLoader(Generic[T]):
    """Goes through a data set in batches.

    `dataset`: indexed (`dataset[i]`, `len`) or an `IterableDataset`. `batch_size`: samples in a batch; None hands out
    single samples. `shuffle`: in random order. `sampler`: another order of indices. `batch_sampler`: lists of indices,
    instead of the four before. `drop_last`: leave out a last batch that is too short. `collate_fn`: makes a batch of a
    list of samples (`default_collate`). `generator`: of the random order, the default stream if None.
    `num_workers`: loads in this process with what so many workers would give, see the head of this file;
    `worker_init_fn(id)` is called in each of them first. Options of processes and of copying to other devices
    (`pin_memory`, `timeout`, `prefetch_factor`, `multiprocessing_context`) change nothing; `persistent_workers` go on
    with their random numbers and data sets in the next pass.
    Raises ValueError for options that exclude one another.

    >>> [x.tolist() for x in DataLoader(range(5), batch_size=2, shuffle=True, generator=Generator().manual_seed(1))]
    [[4, 1], [3, 0], [2]]
    """

    def __init__(
        self, dataset: Any, batch_size: int | None = 1, shuffle: bool | None = None,
        sampler: Sampler[Any] | Iterable[Any] | None = None,
        batch_sampler: Sampler[Any] | Iterable[Any] | None = None, num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None, pin_memory: bool = False, drop_last: bool = False,
        timeout: float = 0, worker_init_fn: Callable[[int], None] | None = None, multiprocessing_context: Any = None,
        generator: Generator | None = None, *, prefetch_factor: int | None = None, persistent_workers: bool = False,
        pin_memory_device: str = "", in_order: bool = True,
    ) -> None:  # fmt: skip
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers, multiprocessing_context)
        self._iterable = isinstance(dataset, IterableDataset)
        _check_order(self._iterable, batch_size, shuffle, sampler, batch_sampler, drop_last)
        if batch_sampler is not None:
            batch_size, drop_last = None, False
        if sampler is None:
            if self._iterable:
                sampler = itertools.repeat(None)
            else:
                sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        if batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.dataset, self.batch_size, self.drop_last = dataset, batch_size, drop_last
        self.sampler, self.batch_sampler, self.generator = sampler, batch_sampler, generator
        self.num_workers, self.worker_init_fn = num_workers, worker_init_fn
        self.collate_fn = collate_fn or (default_convert if batch_sampler is None else default_collate)
        self.pin_memory, self.pin_memory_device, self.timeout, self.in_order = (
            pin_memory, pin_memory_device, timeout, in_order)  # fmt: skip
        self.prefetch_factor = 2 if num_workers and prefetch_factor is None else prefetch_factor
        self.persistent_workers, self.multiprocessing_context = persistent_workers, multiprocessing_context
        self._workers: list[_Worker] = []  # persistent ones
        self._counted: int | None = None  # what len() of an iterable data set said, to warn where it yields more
        self._ready = True

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _FIXED and "_ready" in vars(self):
            raise ValueError(f"{name} attribute should not be set after {type(self).__name__} is initialized")
        super().__setattr__(name, value)

    @property
    def _order(self) -> Any:
        return self.sampler if self.batch_sampler is None else self.batch_sampler

    def __len__(self) -> int:
        if not self._iterable:
            return len(self._order)
        n = self._counted = len(self.dataset)
        if self.batch_size is None:
            return n
        return n // self.batch_size if self.drop_last else -(-n // self.batch_size)

    def __iter__(self) -> Iterator[T]:
        workers = self._workers
        if not workers:
            seed = draw_seed(self.generator)
            workers = [_Worker(self, i, seed) for i in range(self.num_workers)]
        if self.persistent_workers:
            self._workers = workers
        return _Batches(self, workers)


def _check_workers(num_workers: int, timeout: float, prefetch: int | None, persistent: bool, context: Any) -> None:
    """Refuse the options of workers that torch refuses."""
    if num_workers < 0:
        raise ValueError("num_workers option should be non-negative; use num_workers=0 to disable multiprocessing.")
    if timeout < 0:
        raise ValueError("timeout option should be non-negative")
    if num_workers == 0 and prefetch is not None:
        raise ValueError(
            "prefetch_factor option could only be specified in multiprocessing. "
            "let num_workers > 0 to enable multiprocessing, otherwise set prefetch_factor to None."
        )
    if prefetch is not None and prefetch < 0:
        raise ValueError("prefetch_factor option should be non-negative")
    if persistent and num_workers == 0:
        raise ValueError("persistent_workers option needs num_workers > 0")
    if context is not None and num_workers == 0:
        raise ValueError(
            "multiprocessing_context can only be used with multi-process loading (num_workers > 0), but got "
            f"num_workers={num_workers}"
        )


def _check_order(iterable: bool, batch_size: Any, shuffle: Any, sampler: Any, batches: Any, drop_last: bool) -> None:
    """Refuse two answers to the question which samples come next."""
    if iterable:
        given = {"shuffle": shuffle or None, "sampler": sampler, "batch_sampler": batches}
        for name, value in given.items():
            if value is not None:
                raise ValueError(
                    f"DataLoader with IterableDataset: expected unspecified {name} option, but got {name}={value}"
                )
    if sampler is not None and shuffle:
        raise ValueError("sampler option is mutually exclusive with shuffle")
    if batches is not None and (batch_size != 1 or shuffle or sampler is not None or drop_last):
        raise ValueError("batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last")
    if batch_size is None and batches is None and drop_last:
        raise ValueError("batch_size=None option disables auto-batching and is mutually exclusive with drop_last")


class _Batches(Iterator[Any]):
    """One pass through a loader."""

    def __init__(self, loader: DataLoader[Any], workers: list[_Worker]) -> None:
        self._loader = loader
        self._yielded = 0
        self._batches = _in_turn(loader, workers) if workers else _alone(loader)

    def __next__(self) -> Any:
        batch, counted = next(self._batches), self._loader._counted
        self._yielded += 1
        if counted is not None and self._yielded > counted:
            warnings.warn(
                f"Length of IterableDataset {self._loader.dataset} was reported to be {counted} "
                f"(when accessing len(dataloader)), but {self._yielded} samples have been fetched. ",
                stacklevel=2,
            )
        return batch

    def __len__(self) -> int:
        return len(self._loader)


def _alone(loader: DataLoader[Any]) -> Iterator[Any]:
    """The batches, without workers."""
    fetch = _fetcher(loader, loader.dataset)
    for index in loader._order:
        try:
            batch = fetch(index)
        except StopIteration:  # the iterable data set has come to its end
            return
        yield batch


def _in_turn(loader: DataLoader[Any], workers: list[_Worker]) -> Iterator[Any]:
    """The batches of all workers, by turns; a worker whose iterable data set has come to its end drops out."""
    order = iter(loader._order)
    for worker in workers:
        worker.fetcher = None  # a new pass
    active = list(workers)
    while active:
        for worker in list(active):
            try:
                index = next(order)
            except StopIteration:
                return
            try:
                batch = worker.fetch(index)
            except StopIteration:
                active.remove(worker)
                continue
            yield batch


def _fetcher(loader: DataLoader[Any], dataset: Any) -> Callable[[Any], Any]:
    """The function that makes a batch from what the order says: index, list of indices, or how many to take."""
    collate, batched = loader.collate_fn, loader.batch_sampler is not None
    if loader._iterable:
        samples = iter(dataset)

        def take(index: Any) -> Any:
            if not batched:
                return collate(next(samples))
            data = list(itertools.islice(samples, len(index)))
            if not data or (loader.drop_last and len(data) < len(index)):
                raise StopIteration
            return collate(data)

        return take
    if not batched:
        return lambda index: collate(dataset[index])
    if (
        type(dataset) is TensorDataset
        and collate is default_collate
        and not any(t.requires_grad for t in dataset.tensors)
    ):  # the rows at once: stacking them one by one gives the same
        return lambda index: [t[list(index)] for t in dataset.tensors]
    return lambda index: collate(fetched(dataset, index))


class _Worker:
    """The state that a worker process would have: a copy of the data set, and streams of random numbers."""

    def __init__(self, loader: DataLoader[Any], number: int, base_seed: int) -> None:
        dataset = copy.copy(loader.dataset) if loader._iterable else loader.dataset
        seed = base_seed + number
        self.info = WorkerInfo(number, loader.num_workers, seed, dataset)
        self.stream = mersenne.Generator(seed)
        self.python = random.Random(seed).getstate()
        words = np.random.SeedSequence([number, base_seed % 2**32, base_seed >> 32, 0]).generate_state(4)
        self.numpy: Any = np.random.RandomState(words).get_state()
        self.loader = loader
        self.fetcher: Callable[[Any], Any] | None = None
        self.ready = False

    def fetch(self, index: Any) -> Any:
        """The worker's next batch."""
        with self.at_work():
            if self.loader.worker_init_fn is not None and not self.ready:
                self.loader.worker_init_fn(self.info.id)
            self.ready = True
            if self.fetcher is None:
                self.fetcher = _fetcher(self.loader, self.info.dataset)
            return self.fetcher(index)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """The worker's streams in place of the process's; afterwards both go on from where they were."""
        token = _worker.set(self.info)
        outside = default_generator.stream, random.getstate(), np.random.get_state()
        default_generator.stream = self.stream
        random.setstate(self.python)
        np.random.set_state(self.numpy)
        try:
            yield
        finally:
            self.stream, self.python, self.numpy = default_generator.stream, random.getstate(), np.random.get_state()
            default_generator.stream = outside[0]
            random.setstate(outside[1])
            np.random.set_state(outside[2])
            _worker.reset(token)
