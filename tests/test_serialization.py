"""Files: what is saved comes back, torch reads ours and we read torch's, and a hostile file runs nothing."""

from __future__ import annotations

import io
import json
import os
import pickle
import subprocess
import sys
import zipfile
from collections import Counter, OrderedDict, defaultdict, namedtuple
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import serialization as S

DTYPES = [
    "bool", "uint8", "int8", "int16", "int32", "int64", "uint16", "uint32", "uint64", "float16", "float32", "float64",
]  # fmt: skip
Pair = namedtuple("Pair", "a b")


def saved(obj: Any, lib: Any = cr, **options: Any) -> io.BytesIO:
    file = io.BytesIO()
    lib.save(obj, file, **options)
    file.seek(0)
    return file


def again(obj: Any) -> Any:
    return cr.load(saved(obj))


def same(a: Any, b: Any) -> bool:
    """Whether two nested objects, of this library or of torch, are equal in kind, dtype, shape, strides and values."""
    if type(a).__name__ != type(b).__name__:
        return False
    if hasattr(a, "requires_grad"):
        x, y = np.asarray(a.detach()), np.asarray(b.detach())
        return (
            str(a.dtype) == str(b.dtype)
            and tuple(a.shape) == tuple(b.shape)
            and (x.size == 0 or a.stride() == b.stride())
            and a.requires_grad == b.requires_grad
            and np.array_equal(x, y)
        )
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if type(a).__name__ in ("dtype", "device"):
        return str(a) == str(b)
    return bool(a == b)


def everything(lib: Any) -> Any:
    """One of each, made with chainrule or torch."""
    x = lib.arange(24.0).reshape(2, 3, 4)
    return {
        "dtypes": [lib.tensor([0, 1, 1]).to(getattr(lib, d)) for d in DTYPES],
        "0-d": (lib.tensor(3), lib.tensor(2.5, dtype=lib.float64), lib.tensor(True)),
        "empty": [lib.zeros(0), lib.zeros(2, 0, 3)],
        "views": [x, x[1], x[:, ::2, 1:], x.permute(2, 0, 1), x[0, 0, 0], lib.tensor([1.0, 2.0]).expand(3, 2)],
        "grads": [lib.ones(2, requires_grad=True), lib.nn.Parameter(lib.ones(2)),
                  lib.nn.Parameter(lib.arange(3), requires_grad=False)],
        "plain": [None, True, False, 0, 1, 255, 256, 65535, 65536, -1, 2**31, -(2**31), 2**70, -(2**70), 0.1, -0.0,
                  float("inf"), 1 + 2j, "", "äß\u20ac", "x" * 300, b"", b"a\x00\xff"],
        "containers": [[], (), {}, set(), {1, 2}, (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), OrderedDict(b=1, a=[2])],
        "keys": {1: "a", None: "b", (1, "x"): "c", 2.5: "d"},
        "torch": [lib.Size([2, 3]), lib.float32, lib.bool, lib.device("cpu")],
    }  # fmt: skip


# ---------------------------------------------------------------------------------------------------------- round trips


def test_everything_comes_back() -> None:
    obj = everything(cr)
    assert same(again(obj), obj)


@pytest.mark.parametrize("legacy", [False, True])
def test_everything_travels_between_torch_and_us(legacy: bool) -> None:
    torch = pytest.importorskip("torch")
    theirs = everything(torch)
    if legacy:
        theirs["dtypes"] = [t for t in theirs["dtypes"] if not str(t.dtype).startswith("torch.uint") or t.itemsize == 1]
    got = cr.load(saved(theirs, torch, _use_new_zipfile_serialization=not legacy))
    assert same(got, theirs)
    assert same(torch.load(saved(got), weights_only=True), theirs)
    assert same(torch.load(saved(everything(cr)), weights_only=True), everything(torch))


def test_random_nestings_come_back(rng: np.random.Generator) -> None:
    torch = pytest.importorskip("torch")

    def grown(depth: int) -> Any:
        kind = int(rng.integers(9 if depth else 5))
        n = int(rng.integers(4))
        if kind == 0:
            return cr.from_numpy(rng.standard_normal(tuple(rng.integers(0, 4, n))))
        if kind < 5:
            return [None, float(rng.random()), int(rng.integers(-(2**40), 2**40)), "abcdef"[:n]][kind - 1]
        items = [grown(depth - 1) for _ in range(n)]
        return [items, tuple(items), dict(enumerate(items)), OrderedDict(zip("abcd", items))][kind - 5]

    for _ in range(30):
        obj = grown(4)
        assert same(again(obj), obj)
        assert same(torch.load(saved(obj), weights_only=True), again(obj))


def test_shared_memory_stays_shared() -> None:
    x = cr.arange(6.0).reshape(2, 3)
    got = again({"whole": x, "row": x[1], "turned": x.T, "same": x, "scalar": x[0, 0]})
    assert got["same"] is got["whole"]
    got["whole"][1, 0] = 100
    got["whole"][0, 0] = -1
    assert got["row"].tolist() == [100, 4, 5] and got["turned"][0, 1].item() == 100 and got["scalar"].item() == -1
    assert x[1, 0].item() == 3
    twice = again(got)  # what was loaded keeps its sharing when saved again
    twice["whole"][1, 1] = 7
    assert twice["row"][1].item() == 7


def test_memory_is_written_once() -> None:
    x = cr.zeros(1000)
    assert len(saved([x, x[1:], x.reshape(10, 100)]).getvalue()) < 4000 + 3000


def test_shared_memory_travels() -> None:
    torch = pytest.importorskip("torch")
    for a, b in ((cr, torch), (torch, cr)):
        x = a.zeros(4)
        y, z = b.load(saved([x, x[2:]], a))
        y[3] = 5
        assert z.tolist() == [0, 5]


def test_the_same_object_gives_the_same_file() -> None:
    assert saved(everything(cr)).getvalue() == saved(everything(cr)).getvalue()


def test_shared_containers_stay_one() -> None:
    inner = [1]
    got = again([inner, inner, (inner,)])
    assert got[0] is got[1] and got[2][0] is got[0]


def test_backward_views_and_gaps_are_saved_by_value() -> None:
    a = np.arange(6.0)
    x = cr.from_numpy(a[::2])
    assert same(again(x), x)
    assert again(cr.arange(4).flip(0)).tolist() == [3, 2, 1, 0]


def test_expanded_tensors_stay_expanded_and_refuse_writes() -> None:
    x = again(cr.tensor([1.0, 2.0]).expand(3, 2))
    assert x.stride() == (0, 1)
    with pytest.raises(RuntimeError, match="more than one element"):
        x += 1


def test_notes_on_tensors_travel() -> None:
    torch = pytest.importorskip("torch")
    for a, b in ((cr, torch), (torch, cr), (cr, cr)):
        t, p = a.ones(1), a.nn.Parameter(a.ones(1))
        t.note, p.note = "t", ["p"]
        t2, p2 = b.load(saved([t, p], a))
        assert t2.note == "t" and p2.note == ["p"] and type(p2) is b.nn.Parameter


def test_a_network_and_its_optimizer_move_there_and_back() -> None:
    torch = pytest.importorskip("torch")

    def parts(lib: Any) -> tuple[Any, Any, Any]:
        model = lib.nn.Sequential(lib.nn.Linear(3, 4), lib.nn.Tanh(), lib.nn.Linear(4, 1))
        optimizer = lib.optim.Adam(model.parameters(), lr=0.05, amsgrad=True)

        def train(steps: int) -> list[float]:
            losses = []
            for _ in range(steps):
                optimizer.zero_grad()
                loss = (model(lib.linspace(-1, 1, 12).reshape(4, 3)) - 1).square().mean()
                loss.backward()
                optimizer.step()
                losses.append(float(loss.detach()))
            return losses

        return model, optimizer, train

    for a, b in ((cr, torch), (torch, cr)):
        (model, optimizer, train), (model2, optimizer2, train2) = parts(a), parts(b)
        train(3)
        checkpoint = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}
        loaded = b.load(saved(checkpoint, a))
        model2.load_state_dict(loaded["model"])
        optimizer2.load_state_dict(loaded["optimizer"])
        assert loaded["epoch"] == 3
        np.testing.assert_allclose(train(5), train2(5), rtol=1e-5)


def test_metadata_of_a_state_dict_is_kept() -> None:
    d: Any = OrderedDict(w=cr.ones(1))
    d._metadata = OrderedDict([("", {"version": 2})])
    assert again(d)._metadata == {"": {"version": 2}}


def test_paths_and_files(tmp_path: Path) -> None:
    x = cr.arange(3)
    for f in (tmp_path / "a.pt", str(tmp_path / "b.pt")):
        cr.save(x, f)
        assert cr.load(f).tolist() == [0, 1, 2]
        with open(f, "rb") as file:
            assert cr.load(file, mmap=True).tolist() == [0, 1, 2]
    torch = pytest.importorskip("torch")
    assert torch.load(tmp_path / "a.pt", mmap=True).tolist() == [0, 1, 2]
    with pytest.raises(FileNotFoundError):
        cr.load(tmp_path / "none.pt")
    with pytest.raises(AttributeError, match="expected a path or a file"):
        cr.load(3)  # type: ignore[arg-type]


def test_memory_is_aligned() -> None:
    z = zipfile.ZipFile(saved([cr.ones(3), cr.zeros(5)]))
    starts = [i.header_offset + 30 + len(i.filename) + len(i.extra) for i in z.infolist() if "/data/" in i.filename]
    assert len(starts) == 2 and all(s % 64 == 0 for s in starts)


# ------------------------------------------------------------------------------------------------------------- refusals


class Own(cr.nn.Module):
    """A module of the session, whose __init__ must not run when it is loaded."""

    made = 0

    def __init__(self, width: int) -> None:
        super().__init__()
        Own.made += 1
        self.width, self.names = width, ["a", {"b": (1, 2.5, None)}]
        self.body = cr.nn.Sequential(cr.nn.Linear(2, width), cr.nn.Tanh(), cr.nn.Dropout(0.2), cr.nn.Linear(width, 1))
        self.register_buffer("seen", cr.arange(3.0))
        self.register_buffer("passing", cr.zeros(1), persistent=False)
        self.tied = self.body[0].weight

    def forward(self, x: Any) -> Any:
        return self.body(x) * self.seen.sum()


def _local_module() -> cr.nn.Module:
    class Local(cr.nn.Module):
        pass

    return Local()


def _with(what: str) -> cr.nn.Module:
    layer = cr.nn.Linear(1, 1)
    if what == "hook":
        layer.register_forward_hook(print)
    else:
        layer.rule = print
    return layer


def test_whole_modules_come_back_without_their_init() -> None:
    net = Own(4).eval()
    made = Own.made
    file = saved({"net": net, "epoch": 3})
    got = cr.load(file, weights_only=False)
    twin, x = got["net"], cr.randn(5, 2)
    assert got["epoch"] == 3 and type(twin) is Own and Own.made == made and not twin.training
    assert twin(x).tolist() == net(x).tolist() and twin.tied is twin.body[0].weight
    assert (twin.width, twin.names) == (net.width, net.names) and list(twin.state_dict()) == list(net.state_dict())
    twin(x).sum().backward()
    twin.register_forward_hook(lambda *_: None)
    assert repr(twin) == repr(net) and net.tied.grad is None


@pytest.mark.parametrize(
    "layer",
    [
        cr.nn.Linear(2, 3), cr.nn.Conv2d(1, 2, 3, padding=1), cr.nn.BatchNorm1d(3), cr.nn.LSTM(2, 3),
        cr.nn.Embedding(4, 2),
        cr.nn.LayerNorm(3), cr.nn.ReLU(), cr.nn.ModuleList([cr.nn.Linear(1, 1)]), cr.nn.CrossEntropyLoss(),
    ],
    ids=lambda layer: type(layer).__name__,
)  # fmt: skip
def test_layers_come_back_whole(layer: cr.nn.Module) -> None:
    twin = cr.load(saved(layer), weights_only=False)
    assert repr(twin) == repr(layer) and type(twin) is type(layer)
    assert {k: v.tolist() for k, v in twin.state_dict().items()} == {
        k: v.tolist() for k, v in layer.state_dict().items()
    }


def test_whole_modules_are_refused_where_weights_alone_are_wanted_and_foreign_classes_always() -> None:
    with pytest.raises(pickle.UnpicklingError, match=r"torch\.nn\.Linear.*weights_only=False"):
        cr.load(saved(cr.nn.Linear(1, 1)))
    for name in (b"os\nsystem", b"builtins\neval", b"nowhere\nNet", b"chainrule.nn.module\nsys", b"subprocess\nPopen"):
        with pytest.raises(pickle.UnpicklingError, match="nothing was run"):
            cr.load(archive(b"\x80\x02c" + name + b"\n)\x81."), weights_only=False)
    linear = b"\x80\x02ctorch.nn\nLinear\n"
    for body in (b".", b")R.", b")\x81K\x01b.", b")\x81}(X\x01\0\0\0aK\x01ub."):
        with pytest.raises(pickle.UnpicklingError):
            cr.load(archive(linear + body), weights_only=False)


@pytest.mark.parametrize(
    ("obj", "message"),
    [
        (_local_module(), r"cannot save a whole _local_module.<locals>.Local.*state_dict\(\)"),
        (_with("hook"), "does not save the hooks of a Linear"),
        (_with("function"), r"has one as \.rule; save state_dict\(\)"),
        ({"m": cr.optim.SGD([cr.ones(1, requires_grad=True)], lr=1.0)}, "does not save a whole SGD"),
        (np.ones(2), "NumPy's ndarray"),
        (np.float64(2), "NumPy's float64.*item"),
        (defaultdict(list), r"does not save a defaultdict.*Save dict\(x\)"),
        (Pair(1, 2), "object of type Pair"),
        (lambda: None, "object of type function"),
        ({frozenset(): 1}, "flat tuples"),
        ({((1,),): 1}, "flat tuples"),
        (2**3000, "an integer of 3001 bits"),
    ],
)
def test_save_refuses_what_torch_would_not_load(obj: Any, message: str, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"before")
    with pytest.raises(TypeError, match=message):
        cr.save(obj, tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == b"before"


def test_save_refuses_cycles_depth_and_two_readings_of_one_memory() -> None:
    cycle: list[Any] = []
    cycle.append((cycle,))
    with pytest.raises(TypeError, match="a list that contains itself"):
        saved(cycle)
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(TypeError, match="nested"):
        saved(deep)
    x = cr.ones(2)
    with pytest.raises(RuntimeError, match="view the same data as different types"):
        saved([x, x.view(cr.int32)])


def test_options_that_would_run_code_are_refused() -> None:
    for f in (
        lambda: cr.load(saved(1), pickle_module=pickle),
        lambda: cr.save(1, io.BytesIO(), pickle),
    ):
        with pytest.raises(ValueError, match="leave pickle_module out"):
            f()
    assert cr.load(saved(1), weights_only=True) == cr.load(saved(1), weights_only=None) == 1


def archive(data: bytes, compress: int = zipfile.ZIP_STORED, **records: bytes) -> io.BytesIO:
    """A file of the zip format around any pickle."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compress) as z:
        z.writestr("a/data.pkl", data)
        for name, content in records.items():
            z.writestr(f"a/data/{name[1:]}", content)
    file.seek(0)
    return file


def floats(key: str = "0", n: int = 2, location: str = "cpu") -> bytes:
    """A reference to a storage of n float32."""
    return pickle_of("storage") + b"ctorch\nFloatStorage\n" + b"".join(map(pickle_of, (key, location, n)))


def pickle_of(x: Any) -> bytes:
    return pickle.dumps(x, 2)[2:-1].split(b"q\x00")[0]


def tensor_of(storage: bytes, offset: bytes = b"K\0", size: bytes = b"K\x02\x85", stride: bytes = b"K\x01\x85",
              grad: bytes = b"\x89") -> bytes:  # fmt: skip
    hooks = b"ccollections\nOrderedDict\n)R"
    body = b"ctorch._utils\n_rebuild_tensor_v2\n((" + storage + b"tQ" + offset + size + stride + grad + hooks + b"tR"
    return b"\x80\x02" + body + b"."


def test_the_hand_made_file_is_sound() -> None:
    raw = np.array([1.5, 2.5], "<f4").tobytes()
    assert cr.load(archive(tensor_of(floats()), _0=raw)).tolist() == [1.5, 2.5]


RAW = bytes(8)
HOSTILE: dict[str, tuple[Any, str]] = {
    "os.system": (lambda: archive(b"cos\nsystem\nX\x04\0\0\0exit\x85R."), "GLOBAL os.system.*nothing was run"),
    "posix.system": (lambda: archive(b"\x80\x02cposix\nsystem\n(X\x01\0\0\0xtR."), "GLOBAL posix.system"),
    "eval": (lambda: archive(b"c__builtin__\neval\nX\x01\0\0\x001\x85R."), "GLOBAL builtins.eval"),
    "getattr": (lambda: archive(b"cbuiltins\ngetattr\n."), "GLOBAL builtins.getattr"),
    "dotted": (lambda: archive(b"ctorch\nSize.__class__\n."), "GLOBAL torch.Size.__class__"),
    "protocol 4": (lambda: archive(pickle.dumps(pickle.dumps, 4)), "unsupported instruction"),
    "module": (lambda: archive(b"ctorch.nn.modules.linear\nLinear\n)\x81}b."), "GLOBAL torch.nn.modules.linear.Linear"),
    "instance": (lambda: archive(b"(ios\nsystem\n."), "unsupported instruction INST"),
    "object": (lambda: archive(b"(cos\nsystem\no."), "os.system"),
    "extension": (lambda: archive(b"\x82\x01."), "unsupported instruction EXT1"),
    "call a tensor": (lambda: archive(tensor_of(floats())[:-1] + b")R.", _0=RAW), "not call Tensor"),
    "call a string": (lambda: archive(b"X\x0a\0\0\0torch.Size)R."), "not call str"),
    "call a storage class": (lambda: archive(b"ctorch\nFloatStorage\n)R."), "damaged"),
    "set a tensor's state": (lambda: archive(tensor_of(floats())[:-1] + b"}X\x02\0\0\0_aK\x01sb.", _0=RAW),
                             "can only set attributes of an OrderedDict"),
    "a method overwritten": (
        lambda: archive(b"ccollections\nOrderedDict\n)R}X\x04\0\0\0keysK\x01sb."), "no attribute 'keys'"),
    "a private attribute": (lambda: archive(
        b"ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._utils\n_rebuild_tensor_v2\nctorch\nTensor\n(("
        + floats() + b"tQK\0K\x02\x85K\x01\x85\x89Nt}X\x02\0\0\0_aK\x01stR.", _0=RAW), "no attribute '_a'"),
    "append to a tuple": (lambda: archive(b")K\x01a."), "append to lists"),
    "items of a tensor": (lambda: archive(tensor_of(floats())[:-1] + b"K\0K\x01s.", _0=RAW), "set items of dicts"),
    "a name as data": (lambda: archive(b"ctorch\nSize\n."), "torch.Size itself"),
    "a storage as data": (lambda: archive(b"(" + floats() + b"tQ.", _0=RAW), "a storage of 8 bytes itself"),
    "a list in itself": (lambda: archive(b"]q\0h\0a."), "a list that contains itself"),
    "a tuple in itself": (lambda: archive(b"]q\0h\0\x85q\x01a0h\x01."), "unsupported instruction POP"),
    "a dict in itself": (lambda: archive(b"}q\0K\x01h\0s."), "a dict that contains itself"),
    "an expensive hash": (lambda: archive(b"})" + b"q\0h\0\x86" * 60 + b"K\x01s."), "a tuple cannot be a key"),
    "endless sizes": (lambda: archive(b"ctorch\nSize\n" + tensor_of(
        floats(n=1), size=b"\x8a\x06\0\0\0\0\0\x01\x85", stride=b"K\0\x85")[2:-1] + b"\x85R.", _0=RAW[:4]),
        "given as a Tensor"),
    "outside of memory": (lambda: archive(tensor_of(floats(), offset=b"K\x01"), _0=RAW), "damaged"),
    "outside by a stride": (lambda: archive(tensor_of(floats(), stride=b"K\x02\x85"), _0=RAW), "damaged"),
    "outside by overflow": (
        lambda: archive(tensor_of(floats(), stride=b"\x8a\x08" + b"\xff" * 7 + b"\x7f\x85"), _0=RAW), "damaged"),
    "negative offset": (lambda: archive(tensor_of(floats(), offset=b"J\xff\xff\xff\xff"), _0=RAW), "offset is -1"),
    "negative stride": (lambda: archive(tensor_of(floats(), stride=b"J\xff\xff\xff\xff\x85"), _0=RAW), "is -1"),
    "a float as size": (lambda: archive(tensor_of(floats(), size=b"G" + bytes(8) + b"\x85"), _0=RAW), "is 0.0"),
    "too few strides": (lambda: archive(tensor_of(floats(), stride=b")"), _0=RAW), "strides"),
    "short storage": (lambda: archive(tensor_of(floats()), _0=RAW[:4]), "has 4 bytes"),
    "huge storage": (lambda: archive(tensor_of(floats(n=2**60)), _0=RAW), "has 8 bytes, not 1152921504606846976"),
    "no storage": (lambda: archive(tensor_of(floats())), "no record 'data/0'"),
    "a path as key": (lambda: archive(tensor_of(floats(key="../data.pkl")), _0=RAW), "the key '../data.pkl'"),
    "bfloat16": (lambda: archive(b"ctorch\nBFloat16Storage\n."), "BFloat16Storage, which chainrule does not have"),
    "nothing": (lambda: archive(b""), "damaged"),
    "no end": (lambda: archive(b"\x80\x02]"), "damaged"),
    "empty stack": (lambda: archive(b"\x80\x02."), "damaged"),
    "underflow": (lambda: archive(b"\x80\x02s."), "damaged"),
    "unknown memo": (lambda: archive(b"h\x05."), "damaged"),
    "a long string": (lambda: archive(b"X\xff\xff\xff\xffab."), "damaged"),
    "compressed": (lambda: archive(b"]" * 100000, zipfile.ZIP_DEFLATED), "compressed"),
    "other zip": (lambda: archive_of({"readme": b""}), "no data.pkl"),
    "path tricks": (lambda: archive_of({"a/data.pkl": b"N.", "../../etc/x": b""}), "doubtful name '../../etc/x'"),
    "absolute path": (lambda: archive_of({"a/data.pkl": b"N.", "/etc/passwd": b""}), "doubtful name '/etc/passwd'"),
    "TorchScript": (lambda: archive_of({"a/data.pkl": b"N.", "a/constants.pkl": b""}), "TorchScript"),
    "byte order": (lambda: archive_of({"a/data.pkl": b"N.", "a/byteorder": b"pdp"}), "byte order"),
    "text": (lambda: io.BytesIO(b"<html>"), "no file that save"),
    "magic": (lambda: io.BytesIO(pickle.dumps(5, 2)), "magic number"),
    "version": (
        lambda: io.BytesIO(pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(7, 2)), "protocol version: 7"),
    "tar": (lambda: io.BytesIO(bytes(257) + b"ustar" + bytes(500)), "tar archive"),
    "legacy os.system": (lambda: legacy(b"cos\nsystem\nX\x04\0\0\0exit\x85R.", []), "os.system"),
    "legacy huge": (lambda: legacy(legacy_tensor(2**50), ["0"]), "more than the file has"),
    "legacy cut": (lambda: legacy(legacy_tensor(2), ["0"], (2).to_bytes(8, "little") + b"abc"), "cut off"),
    "legacy count": (lambda: legacy(legacy_tensor(2), ["0"], (9).to_bytes(8, "little")), "9 elements, not 2"),
    "legacy keys": (lambda: legacy(legacy_tensor(2), ["1"]), "storages that its tensors need"),
    "legacy view": (lambda: legacy(legacy_tensor(2, b")"), ["0"]), "unknown way"),
}  # fmt: skip


def archive_of(records: dict[str, bytes]) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as z:
        for name, content in records.items():
            z.writestr(name, content)
    file.seek(0)
    return file


def legacy(obj: bytes, keys: list[str], rest: bytes = b"") -> io.BytesIO:
    head = [0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}]
    return io.BytesIO(b"".join(pickle.dumps(x, 2) for x in head) + obj + pickle.dumps(keys, 2) + rest)


def legacy_tensor(n: int, view: bytes = b"N") -> bytes:
    return tensor_of(floats(n=n) + view)


def test_the_hand_made_old_file_is_sound() -> None:
    raw = np.array([1.5, 2.5], "<f4").tobytes()
    assert cr.load(legacy(legacy_tensor(2), ["0"], (2).to_bytes(8, "little") + raw)).tolist() == [1.5, 2.5]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def ran(*args: Any) -> None:
        raise AssertionError(f"the file ran os.system{args}")

    monkeypatch.setattr(os, "system", ran)
    make, message = HOSTILE[name]
    with pytest.raises(pickle.UnpicklingError, match=message):
        cr.load(make())


def test_an_empty_file_says_so() -> None:
    with pytest.raises(EOFError, match="empty"):
        cr.load(io.BytesIO())


def test_a_real_attack_runs_nothing(tmp_path: Path) -> None:
    class Attack:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(tmp_path / "ran"),)

    for data in (pickle.dumps(Attack(), 2), pickle.dumps({"w": [Attack()]}, 2)):
        for file in (archive(data), io.BytesIO(data), legacy(data, [])):
            with pytest.raises(pickle.UnpicklingError):
                cr.load(file)
    assert not (tmp_path / "ran").exists()


@pytest.mark.filterwarnings("ignore:invalid escape")  # of the standard library, at junk
@pytest.mark.parametrize("old", [False, True])
def test_cut_and_altered_files_are_refused_or_give_data(old: bool, rng: np.random.Generator) -> None:
    obj = {"w": cr.arange(6.0).reshape(2, 3), "b": cr.tensor([True, False]), "n": [1, "two", 3.0]}
    raw = np.arange(2, dtype="<f4").tobytes()
    file = legacy(legacy_tensor(2), ["0"], (2).to_bytes(8, "little") + raw) if old else saved(obj)
    whole = file.getvalue()
    for cut in range(0, len(whole), 7):
        with pytest.raises((pickle.UnpicklingError, EOFError)):
            cr.load(io.BytesIO(whole[:cut]))
    for _ in range(1500):
        altered = bytearray(whole)
        for at in rng.integers(len(whole), size=int(rng.integers(1, 4))):
            altered[at] = rng.integers(256)
        with suppress(pickle.UnpicklingError, EOFError):
            cr.load(io.BytesIO(bytes(altered)), "cpu")


@pytest.mark.filterwarnings("ignore:invalid escape")
def test_altered_pickles_are_refused_or_give_data(rng: np.random.Generator) -> None:
    z = zipfile.ZipFile(saved(everything(cr)))
    data = z.read("archive/data.pkl")
    records = {f"_{n.rpartition('/')[2]}": z.read(n) for n in z.namelist() if n.startswith("archive/data/")}
    for _ in range(600):
        altered = bytearray(data)
        for at in rng.integers(len(data), size=int(rng.integers(1, 4))):
            altered[at] = rng.integers(256)
        with suppress(pickle.UnpicklingError):
            cr.load(archive(bytes(altered), **records), "cpu")


def test_a_bool_is_0_or_1_whatever_the_file_says() -> None:
    storage = floats().replace(b"FloatStorage", b"BoolStorage")
    x = cr.load(archive(tensor_of(storage), _0=b"\x07\x00"))
    assert x.dtype == cr.bool and np.asarray(x).view(np.uint8).tolist() == [1, 0]


def test_foreign_byte_order_is_turned() -> None:
    other = "big" if sys.byteorder == "little" else "little"
    raw = np.array([1.5, 2.5], ">f4" if other == "big" else "<f4").tobytes()
    file = archive_of({"a/data.pkl": tensor_of(floats()), "a/byteorder": other.encode(), "a/data/0": raw})
    assert cr.load(file).tolist() == [1.5, 2.5]


def test_defaultdicts_and_counters_are_read() -> None:
    torch = pytest.importorskip("torch")
    d = defaultdict(list, {"a": [1]})
    got = cr.load(saved([d, Counter("aab"), defaultdict(None, {1: 2})], torch))
    assert got[0] == d and got[0]["new"] == [] and got[1] == Counter("aab") and got[2].default_factory is None
    with pytest.raises(pickle.UnpicklingError, match="a defaultdict of"):
        cr.load(archive(b"ccollections\ndefaultdict\nctorch\nSize\n\x85R."))


# -------------------------------------------------------------------------------------------------------------- devices


def test_map_location() -> None:
    def gpu() -> io.BytesIO:
        return archive(tensor_of(floats(location="cuda:0")), _0=RAW)

    for place in ("cpu", cr.device("cpu"), {"cuda:0": "cpu"}, lambda storage, location: storage):
        assert cr.load(gpu(), map_location=place).tolist() == [0, 0]
    for place in (None, {}, {"cuda:1": "cpu"}):
        with pytest.raises(RuntimeError, match="Attempting to deserialize object on 'cuda:0'"):
            cr.load(gpu(), map_location=place)
    with pytest.raises(RuntimeError, match="CPU only"):
        cr.load(saved(1), map_location="cuda")


def test_an_unseekable_file_is_refused() -> None:
    class Pipe(io.RawIOBase):
        def readable(self) -> bool:
            return True

    with pytest.raises(ValueError, match="seekable"):
        cr.load(Pipe())  # type: ignore[arg-type]


def test_files_are_not_imported_with_the_package() -> None:
    code = "import sys, chainrule; print('chainrule.serialization' in sys.modules, chainrule.save.__module__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "chainrule.serialization"]


# ---------------------------------------------------------------------------------------------------------- safetensors


def all_dtypes() -> dict[str, Any]:
    tensors = {d: cr.tensor([[0, 1, 1], [1, 0, 1]]).to(getattr(cr, d)) for d in DTYPES}
    return {**tensors, "0-d": cr.tensor(2.5), "empty": cr.zeros(0, 3), "turned": cr.arange(6).reshape(2, 3).T}


def test_safetensors_come_back(tmp_path: Path) -> None:
    tensors = all_dtypes()
    S.save_file(tensors, tmp_path / "f", metadata={"format": "pt"})
    got = S.load_file(tmp_path / "f")
    assert got.keys() == tensors.keys()
    for name, x in got.items():
        assert x.dtype == tensors[name].dtype and x.shape == tensors[name].shape, name
        np.testing.assert_array_equal(x.numpy(), tensors[name].numpy())
        x.add_(1) if x.dtype != cr.bool else x.logical_not_()  # it can be written to


def test_the_safetensors_package_agrees(tmp_path: Path) -> None:
    theirs = pytest.importorskip("safetensors.numpy")
    tensors = all_dtypes()
    S.save_file(tensors, tmp_path / "f", {"a": "b"})
    got = theirs.load_file(tmp_path / "f")
    assert got.keys() == tensors.keys()
    for name, a in got.items():
        np.testing.assert_array_equal(a, tensors[name].numpy())
        assert a.dtype == tensors[name].numpy().dtype
    theirs.save_file({k: np.ascontiguousarray(x.numpy()) for k, x in tensors.items()}, tmp_path / "g", {"a": "b"})
    for name, x in S.load_file(tmp_path / "g").items():
        np.testing.assert_array_equal(x.numpy(), tensors[name].numpy())
    assert (tmp_path / "f").stat().st_size == (tmp_path / "g").stat().st_size


def with_header(header: Any, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def one(dtype: Any = "F32", shape: Any = (1,), offsets: Any = (0, 4)) -> dict[str, Any]:
    return {"x": {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "claims a header of 0 bytes in a file of 0"),
        (b"\xff" * 8, "claims a header"),
        (with_header(b"{"), "no JSON"),
        (with_header(b"[" * 100000), "no JSON"),
        (with_header([]), "no JSON object"),
        (with_header(b'{"x": 1, "x": 2}'), "occurs twice"),
        (with_header({"x": 3}), "described as 3"),
        (with_header(one("BF16", offsets=(0, 2)), bytes(2)), "of dtype BF16"),
        (with_header(one(shape=(-1,)), bytes(4)), "no integers >= 0"),
        (with_header(one(shape=(True,)), bytes(4)), "no integers >= 0"),
        (with_header(one(shape=(2**62,)), bytes(4)), "has 4 bytes"),
        (with_header(one(offsets=(0, 8)), bytes(8)), "has 8 bytes"),
        (with_header(one(offsets=(4, 8)), bytes(8)), "begins at 4, not at 0"),
        (with_header(one(), bytes(3)), "take 4 bytes, but it has 3"),
        (with_header(one(), bytes(5)), "take 4 bytes, but it has 5"),
        (with_header({**one(), "y": one()["x"]}, bytes(4)), "begins at 0, not at 4"),
    ],
)
def test_damaged_safetensors_are_refused(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        S.load_file(tmp_path / "f")


def test_safetensors_take_tensors_by_name(tmp_path: Path) -> None:
    for bad in ({"x": np.ones(1)}, {1: cr.ones(1)}, {"__metadata__": cr.ones(1)}):
        with pytest.raises(TypeError, match="saves tensors by name"):
            S.save_file(bad, tmp_path / "f")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="strings as metadata"):
        S.save_file({}, tmp_path / "f", {"a": 1})  # type: ignore[dict-item]
    with pytest.raises(RuntimeError, match="CPU only"):
        S.load_file(tmp_path / "f", device="cuda")
