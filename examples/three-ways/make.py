"""Make one small network in three formats, with the same weights.

    pip install -r requirements.txt
    python make.py

Writes
    models/classify.onnx                  opset 13, [1, 3, 32, 32] as PyTorch has it
    models/classify.tflite                [1, 32, 32, 3] as TensorFlow has it
    models/classify.ncnn.param and .bin   [3, 32, 32], float32 weights
    data/image.npy                        an input, [3, 32, 32]
    data/expected.npz                     what float64 gives: probabilities of the ten classes, and sum_out, [16, 16, 16]

The converters of TensorFlow and PyTorch would bring gigabytes of training frameworks for what is nine layers: here each format is written
as its own library, or its documentation, says.
"""

from pathlib import Path

import flatbuffers
import numpy as np
import onnx
from ai_edge_litert import schema_py_generated as lite
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).parent
MODELS = HERE / 'models'
CHANNELS = 16
CLASSES = 10


def make_weights() -> dict[str, np.ndarray]:
    """As PyTorch has them, the outputs' axis first. Random ones do, for nobody asks what it sees."""
    random = np.random.default_rng(19)
    shapes = {
        'stem': (CHANNELS, 3, 3, 3),
        'depthwise': (CHANNELS, 1, 3, 3),
        'pointwise': (CHANNELS, CHANNELS, 1, 1),
        'classes': (CLASSES, CHANNELS),
    }
    weights = {}
    for name, shape in shapes.items():
        deviation = np.sqrt(2 / np.prod(shape[1:]))
        weights[name] = random.normal(0, deviation, shape).astype(np.float32)
        weights[f'{name}.bias'] = random.normal(0, 0.1, shape[0]).astype(np.float32)
    return weights


def convolve(image: np.ndarray, weight: np.ndarray, bias: np.ndarray, stride: int, pads: tuple[int, int]) -> np.ndarray:
    padded = np.pad(image, ((0, 0), pads, pads))
    windows = np.lib.stride_tricks.sliding_window_view(padded, weight.shape[2:], axis=(1, 2))[:, ::stride, ::stride]
    is_depthwise = weight.shape[1] == 1
    result = np.einsum('cyxij,cij->cyx', windows, weight[:, 0]) if is_depthwise else np.einsum('cyxij,ocij->oyx', windows, weight)
    return result + bias[:, None, None]


def run(weights: dict[str, np.ndarray], image: np.ndarray) -> dict[str, np.ndarray]:
    """In float64: what all of them should compute."""
    w = {name: weight.astype(np.float64) for name, weight in weights.items()}
    stem = np.maximum(convolve(image, w['stem'], w['stem.bias'], 2, (0, 1)), 0)
    depthwise = np.maximum(convolve(stem, w['depthwise'], w['depthwise.bias'], 1, (1, 1)), 0)
    pointwise = convolve(depthwise, w['pointwise'], w['pointwise.bias'], 1, (0, 0))
    total = np.maximum(stem + pointwise, 0)
    logits = w['classes'] @ total.mean(axis=(1, 2)) + w['classes.bias']
    exponentials = np.exp(logits - logits.max())
    return {'sum_out': total, 'probabilities': exponentials / exponentials.sum()}


def write_onnx(weights: dict[str, np.ndarray]) -> None:
    def layer(kind: str, name: str, inputs: list[str], output: str, **attributes: object) -> onnx.NodeProto:
        return helper.make_node(kind, inputs, [output], name=name, **attributes)

    nodes = [
        # TensorFlow's padding SAME: for stride 2 a row and a column behind, none before.
        layer('Conv', 'stem', ['image', 'stem', 'stem.bias'], 'stem_linear', strides=[2, 2], pads=[0, 0, 1, 1]),
        layer('Relu', 'stem_relu', ['stem_linear'], 'stem_out'),
        layer('Conv', 'depthwise', ['stem_out', 'depthwise', 'depthwise.bias'], 'depthwise_linear', pads=[1, 1, 1, 1], group=CHANNELS),
        layer('Relu', 'depthwise_relu', ['depthwise_linear'], 'depthwise_out'),
        layer('Conv', 'pointwise', ['depthwise_out', 'pointwise', 'pointwise.bias'], 'pointwise_out'),
        layer('Add', 'sum', ['stem_out', 'pointwise_out'], 'sum_linear'),
        layer('Relu', 'sum_relu', ['sum_linear'], 'sum_out'),
        layer('GlobalAveragePool', 'pool', ['sum_out'], 'pooled_map'),
        layer('Flatten', 'flatten', ['pooled_map'], 'pooled'),
        layer('Gemm', 'classes', ['pooled', 'classes', 'classes.bias'], 'logits', transB=1),
        layer('Softmax', 'softmax', ['logits'], 'probabilities', axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        'classify',
        [helper.make_tensor_value_info('image', TensorProto.FLOAT, [1, 3, 32, 32])],
        [helper.make_tensor_value_info('probabilities', TensorProto.FLOAT, [1, CLASSES])],
        [numpy_helper.from_array(weight, name) for name, weight in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 13)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, MODELS / 'classify.onnx')


def write_ncnn(weights: dict[str, np.ndarray]) -> None:
    c, n = CHANNELS, CLASSES
    layers = f"""
Input                image      0 1 image
Convolution          stem       1 1 image stem 0={c} 1=3 3=2 4=0 14=0 15=1 16=1 5=1 6={weights['stem'].size} 9=1
Split                split      1 2 stem stem_a stem_b
ConvolutionDepthWise depthwise  1 1 stem_a depthwise 0={c} 1=3 4=1 5=1 6={weights['depthwise'].size} 7={c} 9=1
Convolution          pointwise  1 1 depthwise pointwise 0={c} 1=1 5=1 6={weights['pointwise'].size}
BinaryOp             sum        2 1 stem_b pointwise sum 0=0
ReLU                 sum_relu   1 1 sum sum_out
Pooling              pool       1 1 sum_out pooled 0=1 4=1
InnerProduct         classes    1 1 pooled logits 0={n} 1=1 2={weights['classes'].size}
Softmax              softmax    1 1 logits probabilities 0=0
""".strip().splitlines()
    blobs = sum(int(line.split()[3]) for line in layers)
    (MODELS / 'classify.ncnn.param').write_text('\n'.join(['7767517', f'{len(layers)} {blobs}', *layers, '']))
    float32_tag = bytes(4)
    with open(MODELS / 'classify.ncnn.bin', 'wb') as file:
        for name in ('stem', 'depthwise', 'pointwise', 'classes'):
            file.write(float32_tag + weights[name].tobytes() + weights[f'{name}.bias'].tobytes())


class LiteWriter:
    """One graph, whose tensors and operators are added in their order."""

    def __init__(self) -> None:
        self.model = lite.ModelT()
        self.model.version = 3
        self.model.operatorCodes = []
        # The first buffer is that of tensors without elements.
        self.model.buffers = [lite.BufferT()]
        self.graph = lite.SubGraphT()
        self.graph.name = 'main'
        self.graph.tensors = []
        self.graph.operators = []
        self.model.subgraphs = [self.graph]

    def tensor(self, name: str, shape: tuple[int, ...]) -> int:
        tensor = lite.TensorT()
        tensor.name, tensor.shape, tensor.type, tensor.buffer = name, list(shape), lite.TensorType.FLOAT32, 0
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def weight(self, name: str, elements: np.ndarray) -> int:
        index = self.tensor(name, elements.shape)
        if elements.dtype == np.int32:
            self.graph.tensors[index].type = lite.TensorType.INT32
        buffer = lite.BufferT()
        buffer.data = np.frombuffer(np.ascontiguousarray(elements).tobytes(), np.uint8)
        self.model.buffers.append(buffer)
        self.graph.tensors[index].buffer = len(self.model.buffers) - 1
        return index

    def operator(self, kind: str, options: object, inputs: list[int], output: int) -> int:
        code = lite.OperatorCodeT()
        code.builtinCode = getattr(lite.BuiltinOperator, kind)
        code.deprecatedBuiltinCode, code.version = code.builtinCode, 1
        self.model.operatorCodes.append(code)
        operator = lite.OperatorT()
        operator.opcodeIndex = len(self.model.operatorCodes) - 1
        operator.inputs, operator.outputs = inputs, [output]
        operator.builtinOptions = options
        operator.builtinOptionsType = getattr(lite.BuiltinOptions, type(options).__name__.removesuffix('T'))
        self.graph.operators.append(operator)
        return output

    def write(self, path: Path, inputs: list[int], outputs: list[int]) -> None:
        self.graph.inputs, self.graph.outputs = inputs, outputs
        builder = flatbuffers.Builder(2**16)
        builder.Finish(self.model.Pack(builder), b'TFL3')
        path.write_bytes(bytes(builder.Output()))


def options_of(kind: str, **fields: object) -> object:
    options = getattr(lite, f'{kind}OptionsT')()
    for name, value in fields.items():
        setattr(options, name, value)
    return options


def write_tflite(weights: dict[str, np.ndarray]) -> None:
    writer = LiteWriter()
    relu = lite.ActivationFunctionType.RELU
    steps = {'padding': lite.Padding.SAME, 'strideW': 1, 'strideH': 1}
    map_shape = (1, 16, 16, CHANNELS)

    def parameters(name: str, order: tuple[int, ...]) -> list[int]:
        return [
            writer.weight(name, weights[name].transpose(order)),
            writer.weight(f'{name}.bias', weights[f'{name}.bias']),
        ]

    image = writer.tensor('image', (1, 32, 32, 3))
    convolution = options_of('Conv2D', **{**steps, 'strideW': 2, 'strideH': 2}, fusedActivationFunction=relu)
    stem = writer.operator(
        'CONV_2D', convolution, [image, *parameters('stem', (0, 2, 3, 1))], writer.tensor('stem_out', map_shape)
    )
    depthwise = writer.operator(
        'DEPTHWISE_CONV_2D',
        options_of('DepthwiseConv2D', **steps, depthMultiplier=1, fusedActivationFunction=relu),
        [stem, *parameters('depthwise', (1, 2, 3, 0))],
        writer.tensor('depthwise_out', map_shape),
    )
    pointwise = writer.operator(
        'CONV_2D',
        options_of('Conv2D', **steps),
        [depthwise, *parameters('pointwise', (0, 2, 3, 1))],
        writer.tensor('pointwise_out', map_shape),
    )
    total = writer.operator(
        'ADD', options_of('Add', fusedActivationFunction=relu), [stem, pointwise], writer.tensor('sum_out', map_shape)
    )
    pooled = writer.operator(
        'MEAN',
        options_of('Reducer', keepDims=False),
        [total, writer.weight('axes', np.array([1, 2], np.int32))],
        writer.tensor('pooled', (1, CHANNELS)),
    )
    logits = writer.operator(
        'FULLY_CONNECTED',
        options_of('FullyConnected'),
        [pooled, *parameters('classes', (0, 1))],
        writer.tensor('logits', (1, CLASSES)),
    )
    probabilities = writer.operator(
        'SOFTMAX', options_of('Softmax', beta=1.0), [logits], writer.tensor('probabilities', (1, CLASSES))
    )
    writer.write(MODELS / 'classify.tflite', [image], [probabilities])


def main() -> None:
    MODELS.mkdir(exist_ok=True)
    (HERE / 'data').mkdir(exist_ok=True)
    weights = make_weights()
    image = np.random.default_rng(7).uniform(0, 1, (3, 32, 32)).astype(np.float32)
    np.save(HERE / 'data/image.npy', image)
    np.savez(HERE / 'data/expected.npz', **run(weights, image.astype(np.float64)))
    write_onnx(weights)
    write_ncnn(weights)
    write_tflite(weights)


main()
