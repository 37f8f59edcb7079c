"""Make the network, and convert it to ONNX and to ncnn, rightly and wrongly.

    pip install -r requirements.txt
    python convert.py

Writes
    models/segment.onnx                  PyTorch's own export, opset 13, input and output named in0 and out0
    models/segment.ncnn.param and .bin   what pnnx makes of it, float32 weights
    models/wrong.ncnn.param              the same without `6=1` of the Interp layers: their align_corners
    data/image.npy                       an input, [3, 48, 48]
"""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pnnx
import torch
from torch import Tensor, nn

HERE = Path(__file__).parent
MODELS = HERE / 'models'


def conv(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
    )


class Segment(nn.Module):
    """A small U-Net: four classes for each pixel. Random weights do, for nobody asks what it sees."""

    def __init__(self) -> None:
        super().__init__()
        self.down1 = conv(3, 16)
        self.down2 = conv(16, 24, stride=2)
        self.down3 = conv(24, 32, stride=2)
        self.up = nn.Upsample(scale_factor=2, mode='bilinear', align_corners=True)
        self.up2 = conv(32 + 24, 24)
        self.up1 = conv(24 + 16, 16)
        self.head = nn.Conv2d(16, 4, 1)

    def forward(self, image: Tensor) -> Tensor:
        high = self.down1(image)
        middle = self.down2(high)
        low = self.down3(middle)
        middle = self.up2(torch.cat((self.up(low), middle), dim=1))
        high = self.up1(torch.cat((self.up(middle), high), dim=1))
        return self.head(high)


def make_network() -> Segment:
    torch.manual_seed(4)
    network = Segment().eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            # As after training: not the identity that a new one is.
            nn.init.normal_(module.running_mean, std=0.2)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.2)
    return network


def convert_to_ncnn(network: Segment, image: Tensor) -> None:
    with tempfile.TemporaryDirectory() as directory:
        torch.jit.trace(network, image).save(f'{directory}/segment.pt')
        shape = ','.join(map(str, image.shape))
        command = [pnnx.EXEC_PATH, 'segment.pt', f'inputshape=[{shape}]', 'fp16=0']
        subprocess.run(command, cwd=directory, check=True, capture_output=True)
        for kind in ('param', 'bin'):
            shutil.copyfile(f'{directory}/segment.ncnn.{kind}', MODELS / f'segment.ncnn.{kind}')


def drop_align_corners() -> None:
    right = (MODELS / 'segment.ncnn.param').read_text()
    wrong, dropped = re.subn(r'(?m)^(Interp .*) 6=1\b', r'\1', right)
    if dropped != 2:
        raise RuntimeError(f'expected two Interp layers with align_corners, found {dropped}')
    (MODELS / 'wrong.ncnn.param').write_text(wrong)


def main() -> None:
    for folder in (MODELS, HERE / 'data'):
        folder.mkdir(exist_ok=True)
    network = make_network()
    image = torch.rand(1, 3, 48, 48)
    np.save(HERE / 'data' / 'image.npy', image[0].numpy())
    torch.onnx.export(
        network, (image,), str(MODELS / 'segment.onnx'), input_names=['in0'], output_names=['out0'], opset_version=13
    )
    convert_to_ncnn(network, image)
    drop_align_corners()


if __name__ == '__main__':
    main()
