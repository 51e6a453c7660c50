#!/usr/bin/env python3
"""Writes the seed corpora of the fuzzers of weight files and of MJCF,
tests/fuzz/corpus/{safetensors,npz,torch,model_file,mjcf}.

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


MJCF = {
    "hinges.xml": """<mujoco><compiler angle="degree"/><worldbody><geom type="plane" size="5 5 1"/>
<body name="torso" pos="0 0 1"><freejoint/><geom type="capsule" fromto="0 -.1 0 0 .1 0" size=".07"/>
<body name="thigh" pos="0 -.1 -.2"><joint name="x" axis="1 0 0" range="-25 5" limited="true"/>
<joint name="y" axis="0 1 0" range="-110 20" limited="true"/><geom type="capsule" fromto="0 0 0 0 0 -.3" size=".05"/>
<body name="shin" pos="0 0 -.4"><joint name="knee" axis="0 -1 0" range="-160 -2" limited="true"/>
<geom type="box" size=".04 .05 .15" pos="0 0 -.15" mass="2"/></body></body></body></worldbody>
<actuator><motor joint="knee" gear="80" ctrlrange="-1 1" ctrllimited="true"/><position joint="x" kp="120"/></actuator></mujoco>""",
    "balls.xml": """<mujoco><default><geom density="900"/><default class="arm"><joint type="ball" damping="1"/></default></default>
<worldbody><body name="root" pos="0 0 1" quat="1 0 0 0"><joint type="free"/><geom type="sphere" size=".1"/>
<body name="head" pos="0 0 .2"><geom type="ellipsoid" size=".1 .08 .12"/></body>
<body name="arm" pos="0 .2 0" euler="0 0 90"><joint class="arm"/><geom type="cylinder" size=".03 .1"/></body></body></worldbody></mujoco>""",
    "rest.xml": """<mujoco model="rest"><compiler coordinate="local" inertiafromgeom="true" autolimits="true"/>
<option timestep=".01" gravity="0 0 -9.8"/><size nconmax="50" njmax="200" nstack="3000"/><visual/><asset>
<texture name="t" builtin="flat" width="4" height="4"/><material name="m" texture="t"/><mesh name="h" vertex="0 0 0 1 0 0 0 1 0 0 0 1"/></asset>
<worldbody><light pos="0 0 3"/><site name="s"/><body name="b" pos="0 0 1"><inertial pos="0 0 0" mass="1" diaginertia=".1 .1 .1"/>
<freejoint/><geom size=".1" material="m"/><geom type="mesh" mesh="h"/><camera pos="1 0 0"/><body name="c"><joint type="slide"/>
<geom size=".1"/></body></body></worldbody><contact><exclude body1="b" body2="c"/></contact><equality><weld body1="b"/></equality>
<tendon><spatial><site site="s"/><geom geom="g"/></spatial></tendon><sensor><gyro site="s"/></sensor><keyframe><key/></keyframe></mujoco>""",
}


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

    # The fuzzer puts the first "<" there itself.
    for name, text in MJCF.items():
        write("mjcf", name, text.removeprefix("<").encode())


if __name__ == "__main__":
    main()
