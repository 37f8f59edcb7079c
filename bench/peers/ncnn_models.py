"""Times whole networks in the ncnn wheel for bench/models.ts: one JSON request a line on stdin, one JSON answer a line on stdout."""
import json
import sys
import time

import ncnn
import numpy

REFERENCE = {
    "use_packing_layout": False,
    "use_sgemm_convolution": False,
    "use_winograd_convolution": False,
    "use_fp16_packed": False,
    "use_fp16_storage": False,
    "use_fp16_arithmetic": False,
    "use_bf16_packed": False,
    "use_bf16_storage": False,
}
models = {}


def load(param, bin, setting):
    net = ncnn.Net()
    net.opt.num_threads = 1
    if setting == "reference":
        for name, value in REFERENCE.items():
            if hasattr(net.opt, name):
                setattr(net.opt, name, value)
    if net.load_param(param) != 0 or net.load_model(bin) != 0:
        raise RuntimeError(f"ncnn cannot load {param}")
    return net


def run(net, name, mat, output):
    extractor = net.create_extractor()
    extractor.input(name, mat)
    code, result = extractor.extract(output)
    if code != 0:
        raise RuntimeError(f"ncnn cannot compute {output}")
    return result


print(json.dumps(ncnn.__version__), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    key = request["param"], request["setting"]
    if key not in models:
        mat = ncnn.Mat(*reversed(request["shape"]))
        numpy.asarray(mat)[...] = numpy.fromfile(request["values"], "float32").reshape(request["shape"])
        models[key] = load(request["param"], request["bin"], request["setting"]), mat
    net, mat = models[key]
    start = time.process_time_ns()
    for _ in range(request["repeats"]):
        result = run(net, request["input"], mat, request["output"])
    elapsed = time.process_time_ns() - start
    print(json.dumps({"nanoseconds": elapsed, "output": numpy.asarray(result).ravel()[:64].tolist()}), flush=True)
