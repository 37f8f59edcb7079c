"""The Python side of loadTorch: loads TorchScript or a *_pnnx.py, and gives any tensor of it."""

import ctypes
import re

try:
    import torch
except Exception as error:
    say_missing(error)

# Sums are taken in another order by several threads.
torch.set_num_threads(1)


class MissingInputs(Exception):
    def __init__(self, names):
        super().__init__()
        self.names = names


def first_line(error):
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def last_line(error):
    """What went wrong, of an error that TorchScript gives with its trace."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return re.sub(r'^RuntimeError: ', '', lines[-1]) if lines else type(error).__name__


def load(header, content, *weights):
    try:
        if header['kind'] == 'pnnx':
            model = load_pnnx(content.decode(), weights[0], header['source'], header['state'])
        else:
            model = load_script(content, header['state'])
    except ModuleNotFoundError as error:
        raise Refusal(f'it needs a Python module that this Python lacks: {error.name}', 'missing-dependency') from error
    tensors = [*model.module.parameters(), *model.module.buffers()]
    floats = {dtype_name(tensor) for tensor in tensors if tensor.is_floating_point()}
    described = model.describe()
    for layer in described['layers']:
        weights = {name: model.weights[name] for name in sorted(layer['weights']) if name in model.weights}
        layer['weights'] = [
            {'name': name, 'shape': list(tensor.shape), 'dtype': dtype_name(tensor)} for name, tensor in weights.items()
        ]
    return model, {**described, 'floats': floats.pop() if len(floats) == 1 else None}


def weights_of(module):
    return {name: tensor.detach() for name, tensor in [*module.named_parameters(), *module.named_buffers()]}


def run(model, header, parts):
    for name in header['weights']:
        yield describe(name, model.weights[name])
    fed = {info['name']: to_tensor(part, info) for info, part in zip(header['inputs'], parts)}
    torch.manual_seed(0)
    try:
        results = model.run(fed, header['outputs'])
    except Refusal:
        raise
    except MissingInputs as error:
        given = ', '.join(json.dumps(name) for name in fed) or 'none'
        needed = ', '.join(json.dumps(name) for name in error.names)
        raise Refusal(f'input {needed} is needed but missing; given: {given}', 'wrong-input') from error
    except Exception as error:
        shapes = ', '.join(f'{json.dumps(name)} {list(tensor.shape)} {dtype_name(tensor)}' for name, tensor in fed.items())
        raise Refusal(f'PyTorch cannot run it on {shapes or "no inputs"}: {last_line(error)}') from error
    for name in header['outputs']:
        yield describe(name, results.pop(0))


def dtype_name(tensor):
    return str(tensor.dtype).replace('torch.', '')


def to_tensor(content, info):
    dtype = getattr(torch, info['dtype'], None)
    if dtype is None:
        raise Refusal(f'PyTorch {torch.__version__} has no {info["dtype"]} (input {json.dumps(info["name"])})', 'unsupported')
    if not content:
        return torch.empty(info['shape'], dtype=dtype)
    return torch.frombuffer(bytearray(content), dtype=dtype).reshape(info['shape'])


def describe(name, tensor):
    if tensor.is_quantized:
        tensor = tensor.dequantize()
    if tensor.layout != torch.strided:
        raise Refusal(f'tensor {json.dumps(name)} is sparse')
    dense = tensor.detach().cpu().contiguous()
    size = dense.numel() * dense.element_size()
    content = ctypes.string_at(dense.data_ptr(), size) if size > 0 else b''
    return {'shape': list(dense.shape), 'dtype': dtype_name(dense)}, content


serve(torch.__version__, load, run)
