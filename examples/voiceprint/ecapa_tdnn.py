"""ECAPA-TDNN, the usual network for speaker verification, small enough to train in minutes.

Desplanques, Thienpondt and Demuynck: "ECAPA-TDNN: Emphasized Channel Attention, Propagation and Aggregation in TDNN
Based Speaker Verification", Interspeech 2020. The architecture is the paper's; the widths are not (the paper: 512 or
1024 channels).
"""

import torch
from torch import Tensor, nn


class ConvReluNorm(nn.Sequential):
    """A 1-D convolution that keeps the length, then ReLU and batch normalisation, in the paper's order."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 1, dilation: int = 1) -> None:
        padding = (kernel - 1) // 2 * dilation
        # Without the condition every 1x1 convolution would be converted with a layer that pads by nothing.
        mode = 'reflect' if padding else 'zeros'
        conv = nn.Conv1d(inputs, outputs, kernel, dilation=dilation, padding=padding, padding_mode=mode)
        super().__init__(conv, nn.ReLU(), nn.BatchNorm1d(outputs))


class Res2Block(nn.Module):
    """Split the channels into groups; each group also hears what the group before it made of its share."""

    def __init__(self, channels: int, kernel: int, dilation: int, scale: int) -> None:
        super().__init__()
        self.scale = scale
        width = channels // scale
        self.convs = nn.ModuleList(ConvReluNorm(width, width, kernel, dilation) for _ in range(scale - 1))

    def forward(self, x: Tensor) -> Tensor:
        first, *groups = torch.chunk(x, self.scale, dim=1)
        outputs = [first]
        for index, (group, conv) in enumerate(zip(groups, self.convs, strict=True)):
            outputs.append(conv(group if index == 0 else group + outputs[-1]))
        return torch.cat(outputs, dim=1)


class SqueezeExcitation(nn.Module):
    """Weigh each channel by what the whole utterance looks like."""

    def __init__(self, channels: int, bottleneck: int) -> None:
        super().__init__()
        self.gate = nn.Sequential(
            nn.Conv1d(channels, bottleneck, 1), nn.ReLU(), nn.Conv1d(bottleneck, channels, 1), nn.Sigmoid()
        )

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gate(x.mean(dim=2, keepdim=True))


class SERes2Block(nn.Module):
    """The paper's block: 1x1 convolution, Res2 block, 1x1 convolution, squeeze-excitation, and a way around it all."""

    def __init__(self, channels: int, kernel: int, dilation: int, scale: int, bottleneck: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            ConvReluNorm(channels, channels),
            Res2Block(channels, kernel, dilation, scale),
            ConvReluNorm(channels, channels),
            SqueezeExcitation(channels, bottleneck),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


class AttentiveStatisticsPooling(nn.Module):
    """Mean and standard deviation over time, where attention says how much each frame counts for each channel."""

    def __init__(self, channels: int, bottleneck: int) -> None:
        super().__init__()
        self.attention = nn.Sequential(
            ConvReluNorm(3 * channels, bottleneck), nn.Tanh(), nn.Conv1d(bottleneck, channels, 1), nn.Softmax(dim=2)
        )

    def forward(self, x: Tensor) -> Tensor:
        frames = x.shape[2]
        mean = x.mean(dim=2, keepdim=True)
        deviation = root((x - mean).square().mean(dim=2, keepdim=True))
        # repeat, not expand or expand_as: pnnx leaves those in the .ncnn.param, where ncnn has no layer for them.
        weights = self.attention(torch.cat([x, mean.repeat(1, 1, frames), deviation.repeat(1, 1, frames)], dim=1))

        mean = (weights * x).sum(dim=2, keepdim=True)
        deviation = root((weights * (x - mean).square()).sum(dim=2, keepdim=True))
        return torch.cat([mean, deviation], dim=1).flatten(1)


def root(variance: Tensor) -> Tensor:
    """The square root, kept away from 0, where its slope is infinite."""
    return variance.clamp(min=1e-6).sqrt()


class EcapaTdnn(nn.Module):
    """Log-mel features [batch, frames, bands] to one embedding per utterance [batch, embedding], not normalised."""

    def __init__(self, bands: int = 80, channels: int = 128, aggregated: int = 256, embedding: int = 192) -> None:
        super().__init__()
        self.first = ConvReluNorm(bands, channels, kernel=5)
        self.blocks = nn.ModuleList(
            SERes2Block(channels, kernel=3, dilation=dilation, scale=8, bottleneck=32) for dilation in (2, 3, 4)
        )
        self.aggregate = nn.Sequential(nn.Conv1d(3 * channels, aggregated, 1), nn.ReLU())
        self.pooling = AttentiveStatisticsPooling(aggregated, bottleneck=64)
        self.norm = nn.BatchNorm1d(2 * aggregated)
        self.embed = nn.Linear(2 * aggregated, embedding)

    def forward(self, features: Tensor) -> Tensor:
        x = self.first(features.transpose(1, 2))
        outputs = []
        for block in self.blocks:
            x = block(x)
            outputs.append(x)
        x = self.aggregate(torch.cat(outputs, dim=1))
        return self.embed(self.norm(self.pooling(x)))
