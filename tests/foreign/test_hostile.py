"""Files that are damaged or mean harm: one sentence each, nothing executed, no memory beyond the file's size."""

import io
import os
import pickle
import random
import struct
import tracemalloc
import zipfile
from contextlib import suppress

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tests.foreign import johnson, writers  # noqa: E402
from tests.foreign.cases import CASES  # noqa: E402

from impasto.errors import ImpastoError  # noqa: E402
from impasto.foreign.conversion import convert  # noqa: E402
from impasto.foreign.protobuf import field, fields, message, varint  # noqa: E402
from impasto.foreign.readers.pickles import UnsafePickleError  # noqa: E402
from impasto.foreign.readers.torch_files import LEGACY_MAGIC  # noqa: E402
from impasto.styles.converted import convert_styles  # noqa: E402

HUGE = 1 << 60


def t7(*parts):
    """A Torch7 file of numbers of 4 bytes, texts, and (for bytes) whatever stands there."""
    out = b""
    for part in parts:
        if isinstance(part, str):
            out += struct.pack("<i", len(part)) + part.encode()
        else:
            out += part if isinstance(part, bytes) else struct.pack("<i", part)
    return out


def tensor(shape, strides, offset, count, numbers=4):
    sides = struct.pack(f"<{len(shape)}q", *shape) + struct.pack(f"<{len(strides)}q", *strides)
    storage = t7(4, 2, "V 1", "torch.FloatStorage") + struct.pack("<q", count) + bytes(4 * numbers)
    return t7(4, 1, "V 1", "torch.FloatTensor", len(shape)) + sides + struct.pack("<q", offset) + storage


def nested_tables(depth):
    return b"".join(t7(3, i + 1, 1, 1) + struct.pack("<d", 1) for i in range(depth)) + t7(0)


def torch_pickle(called, arguments):
    """A legacy file whose object is what a call gives."""

    class Bad:
        def __reduce__(self):
            return called, arguments

    rest = [pickle.dumps(item, 2) for item in (1001, {"little_endian": True}, Bad(), [])]
    return pickle.dumps(0x1950A86A20F9469CFC6C, 2) + b"".join(rest)


def state_pickle(shape, strides, count, offset=0):
    """A legacy file with one tensor of a shape over a storage of a count that it says."""
    out = io.BytesIO()
    out.write(pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2) + pickle.dumps({}, 2))
    ops = b"\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n"
    ops += b"((X\x07\x00\x00\x00storagectorch\nFloatStorage\n"
    ops += b"X\x01\x00\x00\x000X\x03\x00\x00\x00cpu" + pickle.dumps(count, 2)[2:-1] + b"NtQ"
    for value in (offset, tuple(shape), tuple(strides), False):
        ops += pickle.dumps(value, 2)[2:-1]
    ops += b"}tRs."
    out.write(ops + pickle.dumps(["0"], 2) + struct.pack("<q", count) + bytes(16))
    return out.getvalue()


def archive(members, kind=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", kind) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return out.getvalue()


def lying_archive(name, real):
    """An archive whose member says that it is small, and unpacks to more."""
    raw = bytearray(archive({name: real}))
    for at in (raw.index(b"PK\1\2") + 24, raw.index(b"PK\3\4") + 22):
        raw[at : at + 4] = struct.pack("<I", 100)
    return bytes(raw)


def npy(shape, data=b"", kind="<f4"):
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def initializer(dims, raw=b"", kind=1):
    tensor = message([*((1, side) for side in dims), (2, kind), (8, "w"), (9, raw)])
    return message([(1, 3), (7, field(5, tensor))])


HOSTILE = {
    "t7 that ends at once": t7(4, 1),
    "t7 nested without end": nested_tables(5000),
    "t7 with a negative length": t7(2, -5) + bytes(20),
    "t7 with a table of two thousand million entries": t7(3, 1, 2_000_000_000) + bytes(40),
    "t7 with a tensor larger than its storage": tensor((5, 5), (5, 1), 1, 4),
    "t7 with wrong strides": tensor((2, 2), (HUGE, 1), 1, 4),
    "t7 with negative strides": tensor((2, 2), (-1, 1), 1, 4),
    "t7 with a count of 2^60": tensor((2, 2), (2, 1), 1, HUGE),
    "t7 with an absurd shape of stride 0": tensor((HUGE, 4), (0, 1), 1, 4),
    "t7 with an absurd number of sides": t7(4, 1, "V 1", "torch.FloatTensor", 1 << 30) + bytes(99),
    "t7 with a function": t7(3, 1, 1, 2, "model", 8, 2, "\x1bLua code") + t7(0),
    "t7 with a module of an unknown kind": t7(4, 1, "V 1", "nn.Sequential", 3, 2, 1, 2, "modules", 3, 3, 1, 1)
    + struct.pack("<d", 1) + t7(4, 4, "V 1", "nn.Exotic", 3, 5, 0),
    "t7 that contains itself": t7(4, 1, "V 1", "nn.Sequential", 3, 2, 1, 2, "modules", 3, 3, 1, 1)
    + struct.pack("<d", 1) + t7(4, 1),
    "pickle that calls": torch_pickle(os.system, ("touch /tmp/impasto-was-here",)),
    "pickle that evaluates": torch_pickle(eval, ("1 + 1",)),
    "pickle with a tensor beyond its storage": state_pickle((3, 3), (3, 1), 4),
    "pickle with a count of 2^60": state_pickle((2, 2), (2, 1), HUGE),
    "pickle with an absurd shape of stride 0": state_pickle((HUGE,), (0,), 4),
    "pickle with negative strides": state_pickle((2, 2), (-2, 1), 4),
    "pickle of nothing": LEGACY_MAGIC,
    "pickle without an object": LEGACY_MAGIC + b"." + pickle.dumps(1001, 2) + pickle.dumps({}, 2) + b"\x80\x02.",
    "pickle with a text of 4 GB": LEGACY_MAGIC + b".\x80\x02X\xff\xff\xff\xff",
    "pickle of marks": LEGACY_MAGIC + b"." + pickle.dumps(1001, 2) + b"\x80\x02" + b"(" * 100_000 + b".",
    "zip with a bomb": archive({"archive/data.pkl": bytes(50_000_000)}),
    "zip that lies": lying_archive("archive/data.pkl", bytes(50_000_000)),
    "zip of other things": archive({"readme.txt": b"hello"}),
    "zip that is cut": archive({"archive/data.pkl": pickle.dumps({})})[:-30],
    "npz with a bomb": archive({"c1/W.npy": npy((12_500_000,), bytes(50_000_000))}),
    "npz that lies": lying_archive("c1/W.npy", npy((12_500_000,), bytes(50_000_000))),
    "npz with an absurd shape": archive({"c1/W.npy": npy((HUGE, 2))}, zipfile.ZIP_STORED),
    "npz with objects": archive({"c1/W.npy": npy((1,), pickle.dumps([1]), "|O")}, zipfile.ZIP_STORED),
    "npz with a header that calls": archive({"c1/W.npy": npy("__import__('os').getpid()")}, zipfile.ZIP_STORED),
    "checkpoint of nothing": writers.TABLE_MAGIC.rjust(48, b"\0"),
    "checkpoint with blocks beyond the file": (varint(0) * 2 + varint(HUGE) * 2).ljust(40, b"\0") + writers.TABLE_MAGIC,
    "checkpoint without arrays": writers.table({b"": field(1, b"")}),
    "checkpoint with an array of another size": writers.table({
        b"": field(1, field(1, message([(1, "Variable"), (2, field(2, field(1, HUGE)))]))),
        b"a": field(2, message([(1, "Variable"), (3, message([(1, 1), (5, bytes(8))]))])),
    }),
    "onnx without a graph": message([(1, 3), (8, b"")]),
    "onnx with an absurd shape": initializer((HUGE, HUGE)),
    "onnx with negative sides": initializer((-4,), bytes(16)),
    "onnx with a field longer than the file": message([(1, 3)]) + varint(7 << 3 | 2) + varint(HUGE),
    "onnx of a million numbers": message([(1, 3), (7, field(5, field(7, bytes(1_000_000))))]),
    "json nested without end": b"{" + b'"a":[' * 100_000,
    "json of another kind": b'{"weightsManifest": [{"paths": ["../../etc/passwd"], "weights": []}]}',
    "json with an absurd shape": b'{"weightsManifest": [{"paths": [], "weights": [{"name": "w", "shape": [1e300],'
    b' "dtype": "float32"}]}]}',
    "nothing": b"",
    "text": b"hello world",
    "zeros": bytes(1000),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_one_sentence_and_takes_no_memory_beyond_its_size(name, tmp_path):
    path = tmp_path / "old.t7"
    path.write_bytes(HOSTILE[name])
    tracemalloc.start()
    try:
        with pytest.raises(ImpastoError, match=r"^[^\n]+\.$") as refused:
            convert_styles(path)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(str(refused.value)) < 500
    assert most < 20_000_000 + 20 * len(HOSTILE[name])


def test_a_pickle_is_never_executed(tmp_path):
    mark = tmp_path / "executed"
    path = tmp_path / "old.pth"
    path.write_bytes(torch_pickle(os.mkdir, (str(mark),)))
    with pytest.raises(UnsafePickleError, match="mkdir"):
        convert(path)
    assert not mark.exists()


def test_weights_that_are_not_finite_are_refused(tmp_path):
    tree = johnson.model()
    tree[1]["modules"][1][1]["weight"][0, 0, 0, 0] = np.nan
    path = tmp_path / "old.t7"
    path.write_bytes(writers.Torch7Writer().write({"model": tree}))
    with pytest.raises(ImpastoError, match="not finite"):
        convert_styles(path)


def case(name):
    return next(case for case in CASES if case.name == name)


def quantised(path):
    """The weights of a network as bytes, without what they are to be multiplied by."""
    state = torch.load(path)
    torch.save({key: value.to(torch.int8) if value.ndim == 4 else value for key, value in state.items()}, path)


def of_quantised_storage(path):
    state = torch.load(path)
    torch.save({**state, "more": torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8)}, path)


def with_operator(kind):
    """Adds an operator to a network of ONNX."""

    def change(path):
        graph = next(bytes(value) for number, value in fields(memoryview(path.read_bytes())) if number == 7)
        path.write_bytes(message([(1, 3), (7, graph + field(1, message([(1, "x"), (2, "y"), (4, kind)])))]))

    return change


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor")
@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("pytorch zip", quantised),
        ("pytorch legacy", of_quantised_storage),
        ("onnx pytorch/examples", with_operator("DequantizeLinear")),
        ("onnx pytorch/examples", with_operator("QLinearConv")),
        ("onnx ONNX zoo", with_operator("ConvInteger")),
    ],
)
def test_quantised_weights_are_refused_as_what_they_are(name, change, tmp_path):
    path = case(name).write(tmp_path)
    change(path)
    with pytest.raises(ImpastoError, match=r"cannot be converted: its weights are quantised to whole numbers, and"):
        convert_styles(path)


@pytest.mark.parametrize("name", ["pytorch zip", "pytorch legacy", "lengstrom V1", "chainer 4 x 4", "t7 zero"])
def test_a_file_that_is_damaged_anywhere_converts_or_is_one_sentence(name, tmp_path):
    path = case(name).write(tmp_path)
    whole, chance = path.read_bytes(), random.Random(name)
    for _ in range(12):
        data = bytearray(whole)
        if chance.random() < 0.3:
            del data[chance.randrange(len(data)) :]
        for _ in range(chance.randrange(1, 8)):
            if data:
                near = chance.choice([0, max(0, len(data) - 3000)])
                data[min(len(data) - 1, near + chance.randrange(3000))] = chance.randrange(256)
        path.write_bytes(data)
        with suppress(ImpastoError):
            convert_styles(path)
