"""The Python side of pythonEngine: loads networks into the ncnn wheel and runs them."""

import tempfile


def check(code, what):
    """Ncnn reports failure by a return code, and crashes if one goes on regardless."""
    if code != 0:
        raise Refusal(f'ncnn {what} (return code {code})')


def in_a_file(content, load):
    """Let ncnn load bytes from a file: what it loads from memory must outlive the network, a Python string does not."""
    try:
        handle, path = tempfile.mkstemp(prefix='expect-tensor-')
    except OSError as error:
        raise no_room(content, error) from error
    try:
        try:
            with os.fdopen(handle, 'wb') as file:
                file.write(content)
        except OSError as error:
            raise no_room(content, error) from error
        return load(path)
    finally:
        os.unlink(path)


def no_room(content, error):
    return Refusal(
        f'cannot write {len(content)} bytes of the model to the folder {tempfile.tempdir or "for temporary files"} where Python runs '
        f'({error.strerror}): ncnn reads them from there. Make room, or name another folder by TMPDIR',
        'unreadable',
    )


def choose_vulkan_device(net, index):
    """Name the device that will compute. Without one ncnn takes the processor and does not say so."""
    if not hasattr(ncnn, 'get_gpu_count'):
        raise Refusal(f'useVulkanCompute: the ncnn wheel {version} was built without Vulkan', 'unsupported')
    count = ncnn.get_gpu_count()
    if count == 0:
        raise Refusal('useVulkanCompute: ncnn finds no Vulkan device; a driver brings one', 'unsupported')
    if not 0 <= index < count:
        raise Refusal(f'vulkanDeviceIndex is {index}, but ncnn finds the devices 0 to {count - 1}', 'wrong-option')
    net.set_vulkan_device(index)
    return ncnn.get_gpu_info(index).device_name()


def load(header, param, weights):
    net = ncnn.Net()
    for name, value in header['options']['reference'].items():
        if hasattr(net.opt, name):
            setattr(net.opt, name, value)
    asked = header['options']['asked']
    # ncnn has this in its net, not among its options.
    device_index = asked.pop('vulkan_device_index', 0)
    for name, value in asked.items():
        if not hasattr(net.opt, name):
            raise Refusal(f'the ncnn wheel {version} has no option {name}', 'unsupported')
        setattr(net.opt, name, value)
    device = choose_vulkan_device(net, device_index) if net.opt.use_vulkan_compute else None
    check(in_a_file(param, net.load_param if header['text'] else net.load_param_bin), 'cannot load the .param')
    check(in_a_file(weights, net.load_model), 'cannot load the .bin')
    if device is not None and not net.opt.use_vulkan_compute:
        raise Refusal(f'ncnn cannot use the Vulkan device {device}, and would take the processor', 'unsupported')
    return net, {'device': device, 'batches': hasattr(ncnn.Mat, 'batch')}


element_types = {8: 'int8', 16: 'float16', 32: 'float32'}


def to_mat(content, shape, bits, batch):
    """Copy into memory of ncnn's own, which is aligned as its kernels like it: Mat(array) only borrows the array's."""
    if batch > 1:
        return ncnn.Mat(numpy.frombuffer(content, element_types[bits]).reshape(batch, *shape), 0).clone()
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
        return {'shape': [0], 'bits': 32, 'batch': 1}, b''
    batch = getattr(mat, 'n', 1)
    arrays = [numpy.asarray(mat.batch(i)) for i in range(batch)] if batch > 1 else [numpy.asarray(mat)]
    described = {'shape': arrays[0].shape, 'bits': mat.elembits(), 'batch': batch}
    return described, b''.join(array.tobytes() for array in arrays)


def run(net, header, parts):
    extractor = net.create_extractor()
    contents = iter(parts)
    for step in header['steps']:
        if 'input' in step:
            mat = to_mat(next(contents), step['shape'], step['bits'], step['batch'])
            check(extractor.input(step['input'], mat), f'does not take an input for blob {json.dumps(step["input"])}')
        else:
            mat = extract(extractor, step['extract'])
            if step['keep']:
                yield describe(mat)


try:
    import ncnn
    import numpy

    if not hasattr(ncnn, 'Net'):
        raise ImportError('there is a module ncnn, but it is not that of the wheel')
except Exception as error:
    say_missing(error)

version = getattr(ncnn, '__version__', 'of unknown version')
serve(version, load, run)
