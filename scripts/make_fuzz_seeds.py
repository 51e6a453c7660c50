#!/usr/bin/env python3
"""Writes the seed corpora of the fuzzers of weight files, tests/fuzz/corpus/{safetensors,npz,torch,model_file}.

They are small right files; the fuzzers damage them. Needs nothing beyond Python's own library.
"""
import collections
import io
import json
import pathlib
import pickle
import struct
import sys
import types
import zipfile

CORPUS = pathlib.Path(__file__).resolve().parent.parent / "tests" / "fuzz" / "corpus"


def write(folder, name, data):
    (CORPUS / folder).mkdir(parents=True, exist_ok=True)
    (CORPUS / folder / name).write_bytes(data)


def archive(entries, method=zipfile.ZIP_STORED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as z:
        for name, data in entries.items():
            z.writestr(zipfile.ZipInfo(name), data, method)
    return out.getvalue()


def safetensors(header, data):
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def npy(descr, shape, data, version=1, fortran=False):
    text = repr({"descr": descr, "fortran_order": fortran, "shape": shape}).encode() + b"\n"
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + data


# ---- stand-ins for the names torch.save writes

class Storage:
    def __init__(self, kind, key, elements):
        self.id = ("storage", kind, key, "cpu", elements)


class Tensor:
    def __init__(self, storage, offset, size, stride):
        self.view = (storage, offset, size, stride, False, collections.OrderedDict())

    def __reduce__(self):
        return sys.modules["torch._utils"]._rebuild_tensor_v2, self.view


def stand_in(module, name):
    made = type(name, (), {"__module__": module})
    sys.modules.setdefault(module, types.ModuleType(module))
    setattr(sys.modules[module], name, made)
    return made


def torch_pickle(value, protocol=2):
    class Pickler(pickle.Pickler):
        def persistent_id(self, obj):
            return obj.id if isinstance(obj, Storage) else None

    out = io.BytesIO()
    Pickler(out, protocol).dump(value)
    return out.getvalue()


def main():
    f32 = struct.pack("<6f", 0, 1, 2, 3, 4, 5)
    write("safetensors", "two.safetensors", safetensors(
        {"__metadata__": {"format": "pt"},
         "a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
         "b": {"dtype": "U8", "shape": [3], "data_offsets": [24, 27]}}, f32 + b"\x01\x02\x03"))
    write("safetensors", "types.safetensors", safetensors(
        {"h": {"dtype": "F8_E4M3", "shape": [2], "data_offsets": [0, 2]},
         "u": {"dtype": "U64", "shape": [], "data_offsets": [2, 10]},
         "e": {"dtype": "BF16", "shape": [0, 3], "data_offsets": [10, 10]}}, b"\x38\x01" + bytes(8)))

    write("npz", "v1.npy", npy("<f4", (2, 3), f32))
    write("npz", "v2.npy", npy(">f4", (3, 2), f32, version=2, fortran=True))
    arrays = {"a.npy": npy("<f4", (6,), f32), "b.npy": npy("|b1", (2,), b"\x01\x00")}
    write("npz", "stored.npz", archive(arrays))
    write("npz", "deflated.npz", archive(arrays, zipfile.ZIP_DEFLATED))

    floats = stand_in("torch", "FloatStorage")
    stand_in("torch._utils", "_rebuild_tensor_v2")
    storage = Storage(floats, "0", 6)
    state = collections.OrderedDict(w=Tensor(storage, 0, (2, 3), (3, 1)),
                                    t=Tensor(storage, 1, (2,), (3,)))
    for protocol in (2, 4):
        data = torch_pickle({"epoch": 3, "loss": 0.5, "state": state, "l": [None, True]}, protocol)
        write("torch", f"protocol{protocol}.pkl", data)
        write("torch", f"protocol{protocol}.pt", archive(
            {"m/data.pkl": data, "m/data/0": f32, "m/byteorder": b"little", "m/version": b"3\n"}))
    net = stand_in("__torch__", "Net")()
    net.training = False
    net.weight = Tensor(storage, 0, (6,), (1,))
    data = torch_pickle(net)
    write("torch", "script.pkl", data)
    write("torch", "script.pt", archive(
        {"m/data.pkl": data, "m/data/0": f32, "m/constants.pkl": torch_pickle(())}))

    linear = {"canter_architecture": 1, "inputs": [{"name": "x", "shape": ["batch", 3]}],
              "constants": {"c": {"linspace": [0, 1, 2]}},
              "layers": [{"type": "linear", "tensors": "fc"},
                         {"type": "residual", "layers": [{"type": "gelu", "approximate": "tanh"}]},
                         {"type": "add", "inputs": ["fc", "c"], "output": "y"}], "outputs": ["y"]}
    many = {"canter_architecture": 1, "inputs": [{"name": "x", "shape": ["batch", "time", 4]}],
            "layers": [{"type": "lstm", "tensors": "rnn", "batch_first": True},
                       {"type": "attention", "tensors": "mha", "heads": 2, "batch_first": True},
                       {"type": "transpose", "perm": [0, 2, 1]},
                       {"type": "conv1d", "tensors": "conv", "padding": "same"},
                       {"type": "max_pool1d", "kernel": 2},
                       {"type": "op", "op": "Clip", "inputs": ["x"], "outputs": ["z"],
                        "attributes": {"a": 1, "b": [1.5], "c": "d"}}]}
    write("model_file", "linear.json", json.dumps(linear).encode())
    write("model_file", "many.json", json.dumps(many).encode())
    passport = {"version": 1, "weights": {"fc.weight": "1f"},
                "cases": [{"inputs": ["x"],
                           "outputs": [{"name": "y", "error": 1e-7, "error_f32": 1e-7}]}],
                "layers": [{"value": "fc", "name": "fc", "samples": 2, "scale": 1.0, "error": 0.0}]}
    tensors = {"fc.weight": [2, 3], "fc.bias": [2], "passport/0/input/x": [1, 3],
               "passport/0/output/y": [1, 2], "passport/layers": [2]}
    header = {"__metadata__": {"canter.model": "1", "canter.precision": "f32",
                               "canter.architecture": json.dumps(linear),
                               "canter.passport": json.dumps(passport)}}
    data = b""
    for name, shape in tensors.items():
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + 4 * count]}
        data += struct.pack(f"<{count}f", *(0.25 * i for i in range(count)))
    write("model_file", "linear.safetensors", safetensors(header, data))


if __name__ == "__main__":
    main()
