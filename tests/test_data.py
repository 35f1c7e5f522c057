"""Data sets, samplers and the loader: against what is easily said of them, and against torch where it is installed."""

from __future__ import annotations

import random
import warnings
from collections import OrderedDict, namedtuple
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.utils import data as D

Point = namedtuple("Point", ["x", "y"])


class Noisy:
    """Samples with noise from all three streams: what a random augmentation does."""

    def __init__(self, lib: Any) -> None:
        self.lib = lib

    def __getitem__(self, i: int) -> tuple[Any, ...]:
        return i, float(self.lib.rand(())), random.random(), float(np.random.rand())

    def __len__(self) -> int:
        return 11


def stream(lib: Any, sizes: list[int]) -> Any:
    """An iterable data set whose worker w yields `sizes[w]` numbers."""

    class Stream(lib.utils.data.IterableDataset):  # type: ignore[misc, name-defined]
        start = 0

        def __iter__(self) -> Any:
            info = lib.utils.data.get_worker_info()
            w = info.id if info else 0
            return iter(range(self.start, self.start + sizes[w]))

        def __len__(self) -> int:
            return sum(sizes)

    return Stream()


def plain(x: Any) -> Any:
    """Nested results as plain Python, tensors with their dtype."""
    if hasattr(x, "tolist") and not isinstance(x, np.ndarray):
        return str(x.dtype), x.tolist()
    if isinstance(x, dict):
        return type(x).__name__, {k: plain(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return type(x).__name__, [plain(v) for v in x]
    return x


def both(f: Any) -> tuple[Any, Any]:
    """What f says of chainrule and of torch, both from the same seeds."""
    torch = pytest.importorskip("torch")
    out = []
    for lib in (cr, torch):
        random.seed(5)
        np.random.seed(5)
        lib.manual_seed(5)
        out.append(plain(f(lib)))
    return out[0], out[1]


# ------------------------------------------------------------------------------------------------------------ data sets


def test_tensor_dataset_pairs_rows_and_refuses_unequal_lengths() -> None:
    d = D.TensorDataset(cr.arange(6).reshape(3, 2), cr.tensor([7.0, 8.0, 9.0]))
    assert len(d) == 3
    x, y = d[1]
    assert x.tolist() == [2, 3] and y.item() == 8.0
    with pytest.raises(AssertionError, match=r"Size mismatch between tensors: .*\[3, 2\]"):
        D.TensorDataset(cr.ones(3), cr.ones(2))


def test_concat_goes_through_all_and_counts_from_the_end() -> None:
    d = D.ConcatDataset(["ab", "c", "def"])
    assert len(d) == 6 and "".join(d[i] for i in range(6)) == "abcdef" and d[-1] == "f" and d[-6] == "a"
    with pytest.raises(ValueError, match="absolute value of index"):
        d[-7]
    with pytest.raises(IndexError):
        d[6]
    with pytest.raises(AssertionError, match="empty"):
        D.ConcatDataset([])


def test_stack_gives_tuples_or_dicts() -> None:
    assert D.StackDataset("ab", [1, 2])[1] == ("b", 2)
    named = D.StackDataset(letter="ab", number=D.Subset([5, 6, 7], [2, 0]))
    assert named[0] == {"letter": "a", "number": 7}
    assert named.__getitems__([1, 0]) == [{"letter": "b", "number": 5}, {"letter": "a", "number": 7}]
    with pytest.raises(ValueError, match="Size mismatch"):
        D.StackDataset("ab", "abc")
    with pytest.raises(ValueError, match="both types"):
        D.StackDataset("ab", x="ab")
    with pytest.raises(ValueError, match="At least one"):
        D.StackDataset()


def test_addition_joins() -> None:
    a = D.TensorDataset(cr.arange(2))
    assert isinstance(a + a, D.ConcatDataset) and len(a + a) == 4
    s = stream(cr, [2])
    assert isinstance(s + s, D.ChainDataset) and list(s + s) == [0, 1, 0, 1] and len(s + s) == 4
    with pytest.raises(AssertionError, match="only supports IterableDataset"):
        list(D.ChainDataset([[1, 2]]))
    with pytest.raises(AssertionError, match="does not support IterableDataset"):
        D.ConcatDataset([s])


def test_dataset_without_getitem_says_so() -> None:
    with pytest.raises(NotImplementedError, match="__getitem__"):
        D.Dataset()[0]


def test_subset_subclass_must_override_both() -> None:
    class Half(D.Subset[Any]):
        def __getitem__(self, i: Any) -> Any:
            return 0

    with pytest.raises(NotImplementedError, match="Half overrides __getitem__ but not __getitems__"):
        Half("ab", [0])


@pytest.mark.parametrize("lengths", [[3, 7], [10], [0.25, 0.25, 0.5], [1 / 3, 1 / 3, 1 / 3]])
def test_random_split_parts_the_whole(lengths: list[Any]) -> None:
    parts = D.random_split(range(10), lengths, generator=cr.Generator().manual_seed(1))
    assert sorted(i for p in parts for i in p) == list(range(10))
    if isinstance(lengths[0], int):
        assert [len(p) for p in parts] == lengths


@pytest.mark.parametrize("lengths", [[3, 7], [0.3, 0.3, 0.4], [0.5, 0.5]])
def test_random_split_is_torchs(lengths: list[Any]) -> None:
    ours, theirs = both(
        lambda lib: [list(p) for p in lib.utils.data.random_split(range(11 - (sum(lengths) == 10)), lengths)]
    )
    assert ours == theirs
    g = lambda lib: lib.Generator().manual_seed(42)  # noqa: E731
    ours, theirs = both(
        lambda lib: [list(p) for p in lib.utils.data.random_split(range(10), lengths, generator=g(lib))]
    )
    assert ours == theirs


def test_random_split_refuses() -> None:
    with pytest.raises(ValueError, match=r"does not equal the length of the input dataset! \(3 \+ 4 = 7"):
        D.random_split(range(10), [3, 4])
    with pytest.raises(ValueError, match="Fraction at index 1 is not between 0 and 1"):
        D.random_split(range(10), [0.5, -0.25, 0.75])
    with pytest.warns(UserWarning, match="Length of split at index 1 is 0"):
        D.random_split(range(1), [0.5, 0.5])


# ------------------------------------------------------------------------------------------------------------- samplers


def test_seeded_orders_are_those_that_torch_printed() -> None:
    cr.manual_seed(0)  # torch 2.13 after manual_seed(0)
    assert [b.tolist() for b in D.DataLoader(range(10), 4, shuffle=True)] == [[6, 7, 1, 4], [2, 0, 9, 8], [3, 5]]


@pytest.mark.parametrize(
    "make",
    [
        lambda d, lib: d.RandomSampler(range(7)),
        lambda d, lib: d.RandomSampler(range(7), num_samples=17),
        lambda d, lib: d.RandomSampler(range(7), num_samples=14, generator=lib.Generator().manual_seed(3)),
        lambda d, lib: d.RandomSampler(range(7), replacement=True, num_samples=70),
        lambda d, lib: d.RandomSampler(range(7), replacement=True, generator=lib.Generator().manual_seed(3)),
        lambda d, lib: d.SubsetRandomSampler([5, 1, 9, 2]),
        lambda d, lib: d.WeightedRandomSampler([0.1, 3.0, 0.0, 2.0, 1.0], 40),
        lambda d, lib: d.WeightedRandomSampler([0.1, 3.0, 4.0, 2.0, 1.0], 4, replacement=False),
        lambda d, lib: d.BatchSampler(d.RandomSampler(range(7)), 3, True),
        lambda d, lib: d.BatchSampler(d.SequentialSampler(range(7)), 3, False),
    ],
)
def test_samplers_draw_what_torchs_draw(make: Any) -> None:
    def twice(lib: Any) -> Any:
        s = make(lib.utils.data, lib)
        return [list(s), list(s), len(s), float(lib.rand(()))]

    ours, theirs = both(twice)
    assert ours == theirs


def test_samplers_cover_what_they_are_to_cover() -> None:
    assert sorted(D.RandomSampler(range(9))) == list(range(9))
    assert sorted(D.RandomSampler(range(3), num_samples=6)) == [0, 0, 1, 1, 2, 2]
    assert set(D.WeightedRandomSampler(cr.tensor([0.0, 1.0, 0.0]), 20)) == {1}
    assert len(D.BatchSampler(range(7), 3, True)) == 2 == len(list(D.BatchSampler(range(7), 3, True)))
    assert len(D.BatchSampler(range(7), 3, False)) == 3 == len(list(D.BatchSampler(range(7), 3, False)))


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: D.RandomSampler([]), ValueError, "num_samples=0"),
        (lambda: D.RandomSampler("ab", replacement=1), TypeError, "replacement should be a boolean"),  # type: ignore[arg-type]
        (lambda: D.WeightedRandomSampler([1.0], 0), ValueError, "num_samples=0"),
        (lambda: D.WeightedRandomSampler([[1.0]], 1), ValueError, r"shape \(1, 1\)"),  # type: ignore[list-item]
        (lambda: D.BatchSampler("ab", True, False), ValueError, "batch_size=True"),  # type: ignore[arg-type]
        (lambda: D.BatchSampler("ab", 1, 1), ValueError, "drop_last=1"),  # type: ignore[arg-type]
        (lambda: iter(D.Sampler()), NotImplementedError, "__iter__"),
    ],
)
def test_samplers_refuse(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


# -------------------------------------------------------------------------------------------------------------- batches

SAMPLES = [
    [1, 2],
    [1.5, 2.5],
    [True, False],
    ["a", "b"],
    [b"a", b"b"],
    [np.float32(1), np.float32(2)],
    [np.float64(1), np.float64(2)],
    [np.int16(1), np.int16(2)],
    [np.bool_(True), np.bool_(False)],
    [np.arange(2), np.arange(2)],
    [(1, 2.0), (3, 4.0)],
    [[1, "x"], [3, "y"]],
    [Point(1, 2.0), Point(3, 4.0)],
    [{"a": 1, "b": [2.0]}, {"b": [4.0], "a": 3}],
    [OrderedDict(a=1), OrderedDict(a=2)],
]


@pytest.mark.parametrize("samples", SAMPLES, ids=str)
@pytest.mark.parametrize("name", ["default_collate", "default_convert"])
def test_collating_plain_samples_is_as_in_torch(name: str, samples: list[Any]) -> None:
    ours, theirs = both(lambda lib: getattr(lib.utils.data, name)(samples))
    assert ours == theirs


def test_collating_tensors_stacks_and_keeps_history() -> None:
    w = cr.tensor([1.0, 2.0], requires_grad=True)
    batch = D.default_collate([{"x": w * 2, "n": 1}, {"x": w * 3, "n": 2}])
    assert batch["x"].shape == (2, 2) and batch["n"].tolist() == [1, 2]
    batch["x"].sum().backward()
    assert w.grad.tolist() == [5.0, 5.0]


def test_collating_refuses_what_it_does_not_know() -> None:
    with pytest.raises(TypeError, match="found <class 'object'>"):
        D.default_collate([object()])
    with pytest.raises(TypeError, match="found <U1"):
        D.default_collate([np.array(["a"])])
    with pytest.raises(RuntimeError, match="of equal size"):
        D.default_collate([[1], [1, 2]])
    with pytest.raises(RuntimeError, match="equal size"):
        D.default_collate([cr.ones(2), cr.ones(3)])


# --------------------------------------------------------------------------------------------------------------- loader

OPTIONS: list[dict[str, Any]] = [
    {},
    {"batch_size": 4},
    {"batch_size": 4, "drop_last": True},
    {"batch_size": 4, "shuffle": True},
    {"batch_size": None, "shuffle": True},
    {"batch_size": 3, "shuffle": True, "num_workers": 2},
    {"batch_size": 2, "num_workers": 3},
    {"batch_size": 3, "shuffle": True, "num_workers": 2, "persistent_workers": True},
    {"batch_size": 2, "sampler": [3, 1, 4, 1, 5]},
    {"batch_sampler": [[1, 2], [3], [0, 9]]},
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_two_passes_give_torchs_batches_and_noise(options: dict[str, Any]) -> None:
    def passes(lib: Any) -> Any:
        loader = lib.utils.data.DataLoader(Noisy(lib), **options)
        return [list(loader), list(loader), len(loader), float(lib.rand(())), random.random(), float(np.random.rand())]

    ours, theirs = both(passes)
    assert ours == theirs


@pytest.mark.parametrize("workers", [0, 2])
def test_a_generator_gives_torchs_order_and_leaves_the_default_stream(workers: int) -> None:
    def run(lib: Any) -> Any:
        g = lib.Generator().manual_seed(9)
        loader = lib.utils.data.DataLoader(range(20), 6, shuffle=True, generator=g, num_workers=workers)
        return [list(loader), list(loader), float(lib.rand(())), float(lib.rand((), generator=g))]

    ours, theirs = both(run)
    assert ours == theirs


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("batch_size", [None, 1, 3])
@pytest.mark.parametrize("sizes", [[7], [5, 5], [2, 9, 4]])
def test_iterable_datasets_go_round_the_workers(sizes: list[int], batch_size: int | None, drop_last: bool) -> None:
    if batch_size is None and drop_last:
        pytest.skip("excluded")

    def run(lib: Any) -> Any:
        def init(i: int) -> None:
            lib.utils.data.get_worker_info().dataset.start = 100 * i

        loader = lib.utils.data.DataLoader(
            stream(lib, sizes), batch_size, drop_last=drop_last,
            num_workers=len(sizes) if len(sizes) > 1 else 0, worker_init_fn=init,
        )  # fmt: skip
        return [list(loader), list(loader), len(loader)]

    ours, theirs = both(run)
    assert ours == theirs


def test_persistent_workers_go_through_an_iterable_dataset_again() -> None:
    calls = []
    loader = D.DataLoader(stream(cr, [2, 1]), None, num_workers=2, persistent_workers=True, worker_init_fn=calls.append)
    assert list(loader) == list(loader) == [0, 0, 1] and calls == [0, 1]


def test_the_workers_leave_the_loaders_dataset_alone() -> None:
    seen = []

    def init(i: int) -> None:
        info = D.get_worker_info()
        assert info is not None
        seen.append((info.id, info.num_workers, info.seed))
        info.dataset.start = 50

    d = stream(cr, [1, 1])
    g = cr.Generator().manual_seed(0)
    assert [b.tolist() for b in D.DataLoader(d, 1, num_workers=2, worker_init_fn=init, generator=g)] == [[50], [50]]
    assert d.start == 0 and D.get_worker_info() is None
    assert [s[:2] for s in seen] == [(0, 2), (1, 2)] and seen[1][2] == seen[0][2] + 1


def test_rows_taken_at_once_equal_rows_stacked() -> None:
    d = D.TensorDataset(cr.arange(12.0).reshape(6, 2), cr.arange(6))
    fast = list(D.DataLoader(d, 4))
    slow = [D.default_collate([d[i] for i in idx]) for idx in ([0, 1, 2, 3], [4, 5])]
    assert plain(fast) == plain(slow)
    w = cr.ones(4, 2, requires_grad=True)
    (x,) = next(iter(D.DataLoader(D.TensorDataset(w), 2)))
    x.sum().backward()
    assert w.grad.tolist() == [[1, 1], [1, 1], [0, 0], [0, 0]]


def test_batches_are_fresh_memory() -> None:
    x = cr.zeros(4)
    for (b,) in D.DataLoader(D.TensorDataset(x), 2):
        b += 1
    assert x.tolist() == [0, 0, 0, 0]


def test_fetching_many_at_once_is_used() -> None:
    calls = []

    class Many:
        def __len__(self) -> int:
            return 5

        def __getitem__(self, i: int) -> int:
            raise AssertionError("one by one")

        def __getitems__(self, indices: list[int]) -> list[int]:
            calls.append(indices)
            return [10 * i for i in indices]

    assert [b.tolist() for b in D.DataLoader(Many(), 3)] == [[0, 10, 20], [30, 40]]
    assert calls == [[0, 1, 2], [3, 4]]


def test_an_iterator_has_a_length_and_ends_for_good() -> None:
    it = iter(D.DataLoader(range(3), 2, collate_fn=list))
    assert len(it) == 2 and list(it) == [[0, 1], [2]]
    with pytest.raises(StopIteration):
        next(it)


def test_a_dataset_that_yields_more_than_it_said_is_reported() -> None:
    class Liar(D.IterableDataset[int]):
        def __iter__(self) -> Any:
            return iter(range(3))

        def __len__(self) -> int:
            return 2

    loader = D.DataLoader(Liar())
    assert len(loader) == 2
    with pytest.warns(UserWarning, match="reported to be 2 .* but 3 samples have been fetched"):
        list(loader)


def test_errors_in_a_worker_reach_the_user_and_put_the_streams_back() -> None:
    class Bad:
        def __len__(self) -> int:
            return 2

        def __getitem__(self, i: int) -> int:
            raise KeyError("gone")

    cr.manual_seed(1)
    before = cr.get_rng_state()
    it = iter(D.DataLoader(Bad(), num_workers=1, generator=cr.Generator().manual_seed(1)))
    with pytest.raises(KeyError, match="gone"):
        next(it)
    assert (cr.get_rng_state() == before).all() and D.get_worker_info() is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_workers": -1}, "num_workers option should be non-negative"),
        ({"timeout": -1}, "timeout option should be non-negative"),
        ({"prefetch_factor": 2}, "prefetch_factor option could only be specified in multiprocessing"),
        ({"num_workers": 1, "prefetch_factor": -2}, "prefetch_factor option should be non-negative"),
        ({"persistent_workers": True}, "persistent_workers option needs num_workers > 0"),
        ({"multiprocessing_context": "spawn"}, "multiprocessing_context can only be used"),
        ({"sampler": [0], "shuffle": True}, "sampler option is mutually exclusive with shuffle"),
        ({"batch_sampler": [[0]], "batch_size": 2}, "batch_sampler option is mutually exclusive"),
        ({"batch_sampler": [[0]], "drop_last": True}, "batch_sampler option is mutually exclusive"),
        ({"batch_size": None, "drop_last": True}, "batch_size=None option disables auto-batching"),
        ({"batch_size": 0}, "batch_size=0"),
    ],
)
def test_loader_refuses_options_that_exclude_one_another(options: dict[str, Any], message: str) -> None:
    torch = pytest.importorskip("torch") if "spawn" not in options.values() else None
    for lib in filter(None, (cr, torch)):
        with pytest.raises(ValueError, match=message):
            lib.utils.data.DataLoader(range(3), **options)


@pytest.mark.parametrize("option", [{"shuffle": True}, {"sampler": [0]}, {"batch_sampler": [[0]]}])
def test_iterable_datasets_take_no_order(option: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"with IterableDataset: expected unspecified {next(iter(option))} option"):
        D.DataLoader(stream(cr, [3]), **option)


def test_a_loader_is_fixed_once_made() -> None:
    loader = D.DataLoader(range(3))
    with pytest.raises(ValueError, match="batch_size attribute should not be set after DataLoader is initialized"):
        loader.batch_size = 2
    loader.collate_fn = list
    assert list(loader) == [[0], [1], [2]]


def test_accepted_options_change_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loader = D.DataLoader(
            range(4), 2, num_workers=2, pin_memory=True, persistent_workers=True, prefetch_factor=4, timeout=5
        )
        assert [b.tolist() for b in loader] == [[0, 1], [2, 3]]


def test_old_import_paths() -> None:
    from chainrule.utils.data.dataloader import default_collate
    from chainrule.utils.data.dataset import random_split
    from chainrule.utils.data.sampler import RandomSampler

    assert (default_collate, random_split, RandomSampler) == (D.default_collate, D.random_split, D.RandomSampler)
