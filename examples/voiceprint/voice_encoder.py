"""Resemblyzer's voice encoder: a 3-layer LSTM trained on thousands of people, with the weights its package ships.

Resemblyzer (github.com/resemble-ai/Resemblyzer, Apache-2.0, Copyright 2019 Resemble.AI) follows Wan et al.:
"Generalized End-to-End Loss for Speaker Verification", ICASSP 2018. Only the weights are taken from the package; its
code needs an audio front-end this example has no use for.
"""

from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor, nn


class VoiceEncoder(nn.Module):
    """Mel features [batch, frames, 40] to one embedding of unit length per utterance [batch, 256]."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(40, 256, num_layers=3, batch_first=True)
        self.linear = nn.Linear(256, 256)

    def forward(self, features: Tensor) -> Tensor:
        # The library takes the last layer's hidden state, hidden[-1], which is the same. But from that, pnnx makes a
        # network that returns one embedding per frame, and exits with success.
        outputs, _ = self.lstm(features)
        embedding = self.linear(outputs[:, -1]).relu()
        return embedding / torch.norm(embedding, dim=1, keepdim=True)


def load_voice_encoder() -> VoiceEncoder:
    """The encoder with its published weights (`pip install --no-deps resemblyzer`)."""
    package = find_spec('resemblyzer')
    if package is None or package.origin is None:
        raise ModuleNotFoundError('The weights are in a package: pip install --no-deps resemblyzer==0.1.4')
    checkpoint = torch.load(Path(package.origin).with_name('pretrained.pt'), map_location='cpu', weights_only=True)
    weights = checkpoint['model_state']
    network = VoiceEncoder()
    # The checkpoint also holds what its training loss learnt (similarity_weight, similarity_bias).
    network.load_state_dict({name: weights[name] for name in network.state_dict()})
    return network.eval()
