"""Convert the networks, and write down what PyTorch says, so that tests can compare.

    python train.py                 (once; see there)
    pip install --no-deps resemblyzer==0.1.4
    python convert.py

Writes, for each network,
    models/<network>-<fp16|fp32>.ncnn.param and .bin    what pnnx made of it, for ncnn
    models/<network>.onnx                               what PyTorch's exporter made of it (ECAPA-TDNN only)
    models/ecapa.pt                                     TorchScript, for record.mjs; not kept in git
    data/<network>.safetensors                          for each utterance, without the batch axis (ncnn has none):
        <features>/<speaker>-<n>      the network's input, float32 [frames, bands]
        embedding/<speaker>-<n>       what PyTorch makes of it in float32
        embedding64/<speaker>-<n>     and in float64, the exact answer as far as anybody can tell the difference
    data/<network>.json                                 error rate and threshold (the ECAPA-TDNN's is train.py's)
"""

import copy
import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pnnx
import torch
from safetensors.numpy import save_file
from torch import Tensor, nn

from ecapa_tdnn import EcapaTdnn
from features import fbank, mel
from speech import Speaker, listen
from train import CHECKPOINT, FRAMES
from verification import verify_unheard
from voice_encoder import load_voice_encoder

HERE = Path(__file__).parent
MODELS = HERE / 'models'
DATA = HERE / 'data'

#: Two women and two men from `UNHEARD_VOICES`, each of whom says three things.
SPEAKERS = ('Annie', 'linda', 'Hugo', 'victor')
UTTERANCES_PER_SPEAKER = 3


@dataclass(frozen=True)
class Network:
    """A trained network and how to feed it."""

    name: str
    module: nn.Module
    features: str
    hear: Callable[[np.ndarray], np.ndarray]
    frames: int

    def input_for(self, samples: np.ndarray) -> np.ndarray:
        return self.hear(samples)[: self.frames]


def load_ecapa() -> Network:
    if not CHECKPOINT.exists():
        raise FileNotFoundError(f'{CHECKPOINT.relative_to(HERE)} is missing: run train.py first')
    module = EcapaTdnn()
    module.load_state_dict(torch.load(CHECKPOINT, weights_only=True))
    return Network('ecapa', module.eval(), 'fbank', fbank, FRAMES)


def convert_to_ncnn(network: Network, example: Tensor, fp16: bool) -> None:
    """Trace the network and let pnnx convert it, with weights as float16 (pnnx's default) or as float32."""
    name = f'{network.name}-fp{16 if fp16 else 32}'
    with tempfile.TemporaryDirectory() as directory:
        workshop = Path(directory)
        torch.jit.trace(network.module, example).save(workshop / 'model.pt')
        shape = ','.join(map(str, example.shape))
        command = [pnnx.EXEC_PATH, 'model.pt', f'inputshape=[{shape}]', f'fp16={int(fp16)}']
        result = subprocess.run(command, cwd=workshop, capture_output=True, text=True)
        if result.returncode != 0 or not (workshop / 'model.ncnn.param').exists():
            raise RuntimeError(f'pnnx could not convert {name}:\n{result.stdout}{result.stderr}')
        refuse_unconverted_layers(workshop / 'model.ncnn.param')
        for kind in ('param', 'bin'):
            shutil.copyfile(workshop / f'model.ncnn.{kind}', MODELS / f'{name}.ncnn.{kind}')


def refuse_unconverted_layers(param: Path) -> None:
    """pnnx exits with success although it left operators it has no ncnn layer for; their PyTorch names have a dot."""
    layers = [line.split()[0] for line in param.read_text().splitlines()[2:]]
    unconverted = sorted({layer for layer in layers if '.' in layer})
    if unconverted:
        raise RuntimeError(f'pnnx left operators that ncnn does not know: {", ".join(unconverted)}')


def export_to_onnx(network: Network, example: Tensor) -> None:
    """Export to ONNX, with pnnx's names for input and output so that both conversions are called alike."""
    torch.onnx.export(
        network.module,
        (example,),
        MODELS / f'{network.name}.onnx',
        input_names=['in0'],
        output_names=['out0'],
        opset_version=17,
        dynamo=False,
    )


def record(network: Network) -> dict[str, np.ndarray]:
    """Let PyTorch compute the embedding of every utterance, in float32 and in float64."""
    exact = copy.deepcopy(network.module).double()
    heard = listen([Speaker(voice) for voice in SPEAKERS], UTTERANCES_PER_SPEAKER, seed=3, hear=network.input_for)
    tensors = {}
    for voice, utterances in zip(SPEAKERS, heard, strict=True):
        for number, features in enumerate(utterances, start=1):
            name = f'{voice.lower()}-{number}'
            batch = torch.from_numpy(features).unsqueeze(0)
            with torch.inference_mode():
                embedding = network.module(batch)[0]
                embedding64 = exact(batch.double())[0]
            tensors[f'{network.features}/{name}'] = np.ascontiguousarray(features)
            tensors[f'embedding/{name}'] = embedding.numpy()
            tensors[f'embedding64/{name}'] = embedding64.numpy()
    return tensors


def main() -> None:
    MODELS.mkdir(exist_ok=True)
    DATA.mkdir(exist_ok=True)
    ecapa = load_ecapa()
    voice_encoder = Network('voice-encoder', load_voice_encoder(), 'mel', mel, frames=160)

    for network in (ecapa, voice_encoder):
        tensors = record(network)
        save_file(tensors, DATA / f'{network.name}.safetensors')
        example = torch.from_numpy(tensors[f'{network.features}/{SPEAKERS[0].lower()}-1']).unsqueeze(0)
        convert_to_ncnn(network, example, fp16=True)
        if network is ecapa:
            convert_to_ncnn(network, example, fp16=False)
            export_to_onnx(network, example)
            torch.jit.trace(network.module, example).save(MODELS / 'ecapa.pt')
        else:
            result = verify_unheard(network.module, network.hear, network.frames)
            (DATA / f'{network.name}.json').write_text(json.dumps(result.to_json(), indent=2) + '\n')
        print(f'{network.name}: converted, and recorded {len(tensors) // 3} utterances')


if __name__ == '__main__':
    main()
