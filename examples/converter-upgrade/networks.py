"""Three small networks with seeded weights: a CNN, a recurrent network, a transformer."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional


class Cnn(nn.Module):
    """A residual block, squeeze-excitation, a transposed convolution and a resize: 16 classes of a 32 x 32 image."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(16), nn.Hardswish())
        self.depthwise = nn.Sequential(nn.Conv2d(16, 16, 3, padding=1, groups=16, bias=False), nn.BatchNorm2d(16), nn.SiLU())
        self.pointwise = nn.Conv2d(16, 16, 1)
        self.squeeze = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(16, 4, 1), nn.ReLU(), nn.Conv2d(4, 16, 1), nn.Hardsigmoid())
        self.pool = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.up = nn.ConvTranspose2d(16, 16, 4, stride=2, padding=1)
        self.norm = nn.GroupNorm(4, 16)
        self.head = nn.Linear(32, 16)

    def forward(self, image: Tensor) -> Tensor:
        x = self.stem(image)
        y = self.pointwise(self.depthwise(x))
        y = x + y * self.squeeze(y)
        low = self.pool(y)
        high = functional.interpolate(low, scale_factor=2.0, mode='bilinear', align_corners=False)
        high = torch.cat((high, self.norm(self.up(low))), dim=1)
        return self.head(functional.gelu(high).mean(dim=(2, 3)))


class Recurrent(nn.Module):
    """A bidirectional LSTM and a GRU over 40 frames of 20 numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(20, 24, batch_first=True, bidirectional=True)
        self.gru = nn.GRU(48, 32, batch_first=True)
        self.head = nn.Linear(32, 12)

    def forward(self, frames: Tensor) -> Tensor:
        x, _ = self.lstm(frames)
        x, _ = self.gru(x)
        return functional.log_softmax(self.head(x), dim=-1)


class Attention(nn.Module):
    """Self-attention written out, as most code does it, over queries, keys and values of one matrix."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        qkv = self.qkv(x).reshape(batch, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        q, k, v = qkv[0], qkv[1], qkv[2]
        weights = torch.softmax(q @ k.transpose(-2, -1) * (width // self.heads) ** -0.5, dim=-1)
        return self.out((weights @ v).transpose(1, 2).reshape(batch, length, width))


class Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Transformer(nn.Module):
    """Two blocks over the patches of a 32 x 32 image."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 32, 8, stride=8)
        self.position = nn.Parameter(torch.randn(1, 16, 32) * 0.1)
        self.blocks = nn.Sequential(Block(32, 4), Block(32, 4))
        self.norm = nn.LayerNorm(32)
        self.head = nn.Linear(32, 16)

    def forward(self, image: Tensor) -> Tensor:
        x = self.patches(image).flatten(2).transpose(1, 2) + self.position
        return self.head(self.norm(self.blocks(x)).mean(dim=1))


class Network(NamedTuple):
    module: nn.Module
    example: Tensor


def make_networks() -> dict[str, Network]:
    torch.manual_seed(20)
    made = {
        'cnn': Network(Cnn(), torch.randn(1, 3, 32, 32)),
        'recurrent': Network(Recurrent(), torch.randn(1, 40, 20)),
        'transformer': Network(Transformer(), torch.randn(1, 3, 32, 32)),
    }
    for module, _ in made.values():
        module.eval()
        for part in module.modules():
            if isinstance(part, nn.BatchNorm2d):
                # As after training: not the identity that a new one is.
                nn.init.normal_(part.running_mean, std=0.2)
                nn.init.uniform_(part.running_var, 0.5, 1.5)
                nn.init.uniform_(part.weight, 0.5, 1.5)
                nn.init.normal_(part.bias, std=0.2)
    return made
