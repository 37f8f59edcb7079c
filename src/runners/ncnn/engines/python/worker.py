"""The Python side of pythonEngine: loads networks into the ncnn wheel and runs them, one request after the other.

Requests come on standard input, answers leave on what was standard output: the length of a JSON header as a little-endian
32-bit word, the header, then the bytes of the tensors, whose lengths the header gives under "parts".
"""

import json
import os
import sys
import tempfile

# What libraries print must not get between the answers.
requests = sys.stdin.buffer
answers = os.fdopen(os.dup(1), 'wb')
os.dup2(2, 1)
# Python looks for modules in the working directory first, where a test project may have an ncnn.py of its own.
sys.path = [folder for folder in sys.path if folder]


def read_exactly(length):
    content = requests.read(length)
    if len(content) < length:
        sys.exit()
    return content


def read_request():
    header = json.loads(read_exactly(int.from_bytes(read_exactly(4), 'little')))
    return header, [read_exactly(length) for length in header['parts']]


def write_answer(header, parts=()):
    content = json.dumps({**header, 'parts': [len(part) for part in parts]}).encode()
    for piece in (len(content).to_bytes(4, 'little'), content, *parts):
        answers.write(piece)
    answers.flush()


class Refusal(Exception):
    """ncnn said no; what it prints about it is on standard error."""


def check(code, what):
    """Ncnn reports failure by a return code, and crashes if one goes on regardless."""
    if code != 0:
        raise Refusal(f'ncnn {what} (return code {code})')


def in_a_file(content, load):
    """Let ncnn load bytes from a file: what it loads from memory must outlive the network, a Python string does not."""
    handle, path = tempfile.mkstemp(prefix='expect-tensor-')
    try:
        with os.fdopen(handle, 'wb') as file:
            file.write(content)
        return load(path)
    finally:
        os.unlink(path)


def load(header, param, weights):
    net = ncnn.Net()
    for name, value in header['options']['reference'].items():
        if hasattr(net.opt, name):
            setattr(net.opt, name, value)
    for name, value in header['options']['asked'].items():
        if not hasattr(net.opt, name):
            raise Refusal(f'the ncnn wheel {version} has no option {name}')
        setattr(net.opt, name, value)
    if net.opt.use_vulkan_compute and ncnn.get_gpu_count() == 0:
        raise Refusal('ncnn finds no Vulkan device (use_vulkan_compute)')
    code = net.load_param_mem(param.decode()) if header['text'] else in_a_file(param, net.load_param_bin)
    check(code, 'cannot load the .param')
    check(in_a_file(weights, net.load_model), 'cannot load the .bin')
    return net


element_types = {8: 'int8', 16: 'float16', 32: 'float32'}


def to_mat(content, shape, bits):
    """Copy into memory of ncnn's own, which is aligned as its kernels like it: Mat(array) only borrows the array's."""
    mat = ncnn.Mat(*reversed(shape), elemsize=bits // 8)
    numpy.asarray(mat)[...] = numpy.frombuffer(content, element_types[bits]).reshape(shape)
    return mat


def extract(extractor, blob):
    """Extract a blob; int8 ones as they are, which ncnn would widen, others as ncnn hands them to its users."""
    code, mat = extractor.extract(blob, type=1)
    check(code, f'cannot compute blob {json.dumps(blob)}')
    if mat.dims == 0 or mat.empty():
        # Nothing was detected, for instance. Asked again, ncnn would run the layer again, whose inputs light mode has freed.
        return mat
    if mat.elembits() != 8:
        code, mat = extractor.extract(blob)
        check(code, f'cannot compute blob {json.dumps(blob)}')
    if mat.elempack != 1:
        unpacked = ncnn.Mat()
        ncnn.convert_packing(mat, unpacked, 1)
        mat = unpacked
    return mat


def describe(mat):
    """Give a blob's elements without the gaps that ncnn leaves between channels."""
    if mat.dims == 0 or mat.empty():
        return {'shape': [0], 'bits': 32}, b''
    array = numpy.asarray(mat)
    return {'shape': array.shape, 'bits': mat.elembits()}, array.tobytes()


def run(net, steps, parts):
    extractor = net.create_extractor()
    contents = iter(parts)
    results = []
    for step in steps:
        if 'input' in step:
            mat = to_mat(next(contents), step['shape'], step['bits'])
            check(extractor.input(step['input'], mat), f'does not take an input for blob {json.dumps(step["input"])}')
        else:
            mat = extract(extractor, step['extract'])
            if step['keep']:
                results.append(describe(mat))
    return results


def answer(header, parts, nets):
    if header['request'] == 'load':
        nets[header['model']] = load(header, *parts)
        write_answer({})
    elif header['request'] == 'close':
        nets.pop(header['model'], None)
        write_answer({})
    else:
        results = run(nets[header['model']], header['steps'], parts)
        write_answer({'tensors': [described for described, _ in results]}, [content for _, content in results])


try:
    import ncnn
    import numpy
except Exception as error:
    write_answer({'missing': f'{type(error).__name__}: {error}', 'python': sys.version.split()[0]})
    sys.exit()

version = getattr(ncnn, '__version__', 'of unknown version')
write_answer({'version': version, 'python': sys.version.split()[0]})
nets = {}
while True:
    header, parts = read_request()
    try:
        answer(header, parts, nets)
    except Refusal as error:
        write_answer({'error': str(error)})
    except Exception as error:
        write_answer({'error': f'the Python worker failed: {type(error).__name__}: {error}'})
