"""Measure how far real ncnn is from PyTorch, with the files that are committed here.

    pip install numpy && pip install --no-deps ncnn==1.0.20261020
    python check_ncnn.py

Prints a table, and exits with 1 if a number is not what the README says. It is the yardstick for the tests beside it:
what they find must be what ncnn itself does.
"""

import json
import sys
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import ncnn
import numpy as np

HERE = Path(__file__).parent

REFERENCE = {
    'use_fp16_packed': False,
    'use_fp16_storage': False,
    'use_fp16_arithmetic': False,
    'use_bf16_packed': False,
    'use_bf16_storage': False,
    'use_packing_layout': False,
    'use_sgemm_convolution': False,
    'use_winograd_convolution': False,
    'num_threads': 1,
}
OPTIONS = {
    'reference': REFERENCE,
    'default': {},
    'default, no fp16': {'use_fp16_packed': False, 'use_fp16_storage': False, 'use_fp16_arithmetic': False},
    'bf16 storage': REFERENCE | {'use_packing_layout': True, 'use_bf16_storage': True},
}


@dataclass(frozen=True)
class Expectation:
    """The largest error of any element of any embedding lies between the two."""

    model: str
    options: str
    at_most: float
    at_least: float = 0.0


EXPECTATIONS = (
    Expectation('ecapa-fp32', 'reference', at_most=1e-5),
    Expectation('ecapa-fp32', 'default, no fp16', at_most=1e-5),
    # The surprise: float32 in the file, but not in the engine.
    Expectation('ecapa-fp32', 'default', at_least=1e-4, at_most=1e-2),
    Expectation('ecapa-fp32', 'bf16 storage', at_least=1e-3, at_most=1e-1),
    Expectation('ecapa-fp16', 'reference', at_least=1e-4, at_most=1e-2),
    Expectation('ecapa-fp16', 'default, no fp16', at_least=1e-4, at_most=1e-2),
    Expectation('ecapa-fp16', 'default', at_least=1e-4, at_most=1e-2),
    Expectation('ecapa-fp16', 'bf16 storage', at_least=1e-3, at_most=1e-1),
    Expectation('voice-encoder-fp16', 'reference', at_least=1e-5, at_most=1e-3),
    Expectation('voice-encoder-fp16', 'default', at_least=1e-5, at_most=1e-3),
    Expectation('voice-encoder-fp16', 'bf16 storage', at_least=1e-5, at_most=1e-2),
)


def read_safetensors(path: Path) -> dict[str, np.ndarray]:
    """Read a .safetensors file of float32 and float64 tensors: a length, a JSON header, the bytes."""
    content = path.read_bytes()
    start = 8 + int.from_bytes(content[:8], 'little')
    header = json.loads(content[8:start])
    dtypes = {'F32': '<f4', 'F64': '<f8'}
    tensors = {}
    for name, entry in header.items():
        if name != '__metadata__':
            begin, end = entry['data_offsets']
            data = np.frombuffer(content[start + begin : start + end], dtypes[entry['dtype']])
            tensors[name] = data.reshape(entry['shape'])
    return tensors


def load(model: str, options: dict[str, bool | int]) -> ncnn.Net:
    """Load a network. ncnn says by a return code that it could not, and crashes if one goes on regardless."""
    net = ncnn.Net()
    for name, value in options.items():
        setattr(net.opt, name, value)
    for load_file, kind in ((net.load_param, 'param'), (net.load_model, 'bin')):
        path = HERE / 'models' / f'{model}.ncnn.{kind}'
        if load_file(str(path)) != 0:
            raise RuntimeError(f'ncnn cannot load {path.name}')
    return net


def embed(net: ncnn.Net, features: np.ndarray) -> np.ndarray:
    """Run the network on one utterance. The Mat borrows `features`, which this call keeps alive long enough."""
    extractor = net.create_extractor()
    if extractor.input('in0', ncnn.Mat(features)) != 0:
        raise RuntimeError('The network has no input in0')
    code, output = extractor.extract('out0')
    if code != 0:
        raise RuntimeError(f'ncnn could not compute out0 (return code {code})')
    return np.array(output)


def largest_error(actual: np.ndarray, reference: np.ndarray) -> float:
    """The largest absolute difference of two elements; NaN, for which no bound holds, if either side has one."""
    if actual.shape != reference.shape:
        raise RuntimeError(f"The embeddings have shape {actual.shape}, PyTorch's {reference.shape}")
    return float(np.max(np.abs(actual.astype(np.float64) - reference)))


def unit(embeddings: np.ndarray) -> np.ndarray:
    return embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)


def decisions(embeddings: np.ndarray, threshold: float) -> np.ndarray:
    """For all pairs of utterances: the same person or not?"""
    similarity = unit(embeddings) @ unit(embeddings).T
    return np.array([similarity[pair] >= threshold for pair in combinations(range(len(embeddings)), 2)])


def measure(expectation: Expectation) -> bool:
    """Print one line of the table; is it as expected?"""
    network = expectation.model.rpartition('-')[0]
    tensors = read_safetensors(HERE / 'data' / f'{network}.safetensors')
    threshold = json.loads((HERE / 'data' / f'{network}.json').read_text())['threshold']
    names = sorted(name.partition('/')[2] for name in tensors if name.startswith('embedding/'))
    features = 'fbank' if network == 'ecapa' else 'mel'

    net = load(expectation.model, OPTIONS[expectation.options])
    actual = np.stack([embed(net, tensors[f'{features}/{name}']) for name in names])
    reference = np.stack([tensors[f'embedding/{name}'] for name in names])

    raw = largest_error(actual, reference)
    normalized = largest_error(unit(actual), unit(reference))
    changed = int(np.sum(decisions(actual, threshold) != decisions(reference, threshold)))
    as_expected = expectation.at_least <= raw <= expectation.at_most and changed == 0
    bounds = f'{expectation.at_least:g} to {expectation.at_most:g}'
    pairs = len(names) * (len(names) - 1) // 2
    line = f'{expectation.model:20}{expectation.options:18}{raw:10.1e}{normalized:12.1e}{changed:6} of {pairs}'
    print(line, ' ok' if as_expected else f' NOT {bounds} with every decision kept')
    return as_expected


def main() -> int:
    print(f'ncnn {ncnn.__version__}; largest error of the embedding against PyTorch in float32')
    print(f'{"model":20}{"options":18}{"raw":>10}{"L2":>12}   changed decisions')
    return 0 if all([measure(expectation) for expectation in EXPECTATIONS]) else 1


if __name__ == '__main__':
    sys.exit(main())
