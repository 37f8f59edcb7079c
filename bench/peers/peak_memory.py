"""Loads a network in the ncnn wheel, runs it once and closes it.

Prints by how many bytes the process grew at its peak, and what is left of that: `peak_memory.py REQUEST`.
"""
import gc
import json
import resource
import sys

import ncnn
import numpy

request = json.loads(sys.argv[1])
mat = ncnn.Mat(*reversed(request["shape"]))
numpy.asarray(mat)[...] = numpy.fromfile(request["values"], "float32").reshape(request["shape"])


def resident() -> int:
    """Bytes of this process that are in memory."""
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


before = resident()
net = ncnn.Net()
net.opt.num_threads = 1
net.load_param(request["param"])
net.load_model(request["param"].removesuffix("param") + "bin")
extractor = net.create_extractor()
extractor.input(request["input"], mat)
extractor.extract(request["output"])
# not getrusage's figure, which a process inherits from the one that started it
with open("/proc/self/status") as status:
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
del extractor, net
gc.collect()
print(json.dumps({"peak": peak * 1024 - before, "left": resident() - before}))
