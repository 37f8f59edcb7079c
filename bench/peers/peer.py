"""Times numpy and torch comparisons for bench/compare.ts: one JSON request a line on stdin, one JSON answer a line on stdout."""
import json
import sys
import time

import numpy

try:
    import torch

    torch.set_num_threads(1)
except ImportError:
    torch = None

arrays = {}


def pair(dtype, n):
    """A reference and the same with an error well within the tolerance."""
    if (dtype, n) not in arrays:
        random = numpy.random.default_rng(1)
        reference = random.standard_normal(n, dtype=numpy.float32)
        actual = reference + numpy.float32(1e-5) * random.standard_normal(n, dtype=numpy.float32)
        both = actual.astype(dtype), reference.astype(dtype)
        arrays[dtype, n] = both, tuple(map(torch.from_numpy, both)) if torch else None
    return arrays[dtype, n]


def assert_allclose(dtype, n, rtol, atol):
    (actual, reference), _ = pair(dtype, n)
    return lambda: numpy.testing.assert_allclose(actual, reference, rtol=rtol, atol=atol)


def assert_close(dtype, n, rtol, atol):
    _, (actual, reference) = pair(dtype, n)
    return lambda: torch.testing.assert_close(actual, reference, rtol=rtol, atol=atol)


calls = {"numpy.testing.assert_allclose": assert_allclose}
if torch:
    calls["torch.testing.assert_close"] = assert_close

print(json.dumps({"numpy": numpy.__version__, "torch": torch.__version__ if torch else None, "calls": list(calls)}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    run = calls[request["call"]](request["dtype"], request["n"], request["rtol"], request["atol"])
    start = time.process_time_ns()
    for _ in range(request["repeats"]):
        run()
    print(json.dumps(time.process_time_ns() - start), flush=True)
