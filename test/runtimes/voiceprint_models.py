"""Make TorchScript (.pt), and ONNX where the example has none, of the example's networks, with weights from .npz files of the same names.

    python voiceprint_models.py <folder of the example> <folder with ecapa.npz and voice-encoder.npz>
"""

import sys
from pathlib import Path

import numpy
import torch

example, folder = map(Path, sys.argv[1:])
sys.path.insert(0, str(example))

from ecapa_tdnn import EcapaTdnn  # noqa: E402
from voice_encoder import VoiceEncoder  # noqa: E402

for name, network, shape in [('ecapa', EcapaTdnn(), (1, 200, 80)), ('voice-encoder', VoiceEncoder(), (1, 160, 40))]:
    weights = {key: torch.from_numpy(array) for key, array in numpy.load(folder / f'{name}.npz').items()}
    missing, unexpected = network.load_state_dict(weights, strict=False)
    if unexpected or any(not key.endswith('num_batches_tracked') for key in missing):
        raise SystemExit(f'{name}: the weights do not fit: {missing} {unexpected}')
    traced = torch.jit.trace(network.eval(), torch.rand(shape))
    traced.save(folder / f'{name}.pt')
    if (example / 'models' / f'{name}.onnx').exists():
        continue
    try:
        names = {'input_names': ['in0'], 'output_names': ['out0']}
        torch.onnx.export(traced, (torch.rand(shape),), folder / f'{name}.onnx', opset_version=17, **names)
    except Exception as error:
        # Newer versions of PyTorch need packages besides to export.
        (folder / f'{name}.onnx').unlink(missing_ok=True)
        print(f'{name}: no ONNX: {error}')
