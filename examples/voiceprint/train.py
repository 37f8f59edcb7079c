"""Train the ECAPA-TDNN on speech that espeak-ng speaks. Takes about three minutes on two cores.

    apt install espeak-ng
    pip install -r requirements.txt
    python train.py

Writes `build/ecapa.pt` for convert.py, and `data/ecapa.json`: how well the network tells voices apart that it never
heard, and the threshold to decide by. Seeds are fixed; another processor or another PyTorch still sums in another order
and ends with slightly different weights.
"""

import json
import math
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ecapa_tdnn import EcapaTdnn
from features import fbank
from speech import TRAINING_VOICES, Speaker, listen
from verification import verify_unheard

HERE = Path(__file__).parent
CHECKPOINT = HERE / 'build' / 'ecapa.pt'

SEED = 1
FRAMES = 200
SIZES = (0.85, 1.0, 1.17)
UTTERANCES_PER_SPEAKER = 8
STEPS = 400
BATCH = 32
LEARNING_RATE = 4e-3


class AdditiveAngularMargin(nn.Module):
    """The training loss: name the speaker, with the true answer made harder by an angle.

    Deng et al.: "ArcFace: Additive Angular Margin Loss for Deep Face Recognition", CVPR 2019. The margin is what pulls
    the utterances of one speaker together, so that people outside the training set can be told apart by angle alone.
    """

    def __init__(self, embedding: int, speakers: int, margin: float = 0.2, scale: float = 30.0) -> None:
        super().__init__()
        self.centres = nn.Parameter(torch.randn(speakers, embedding) * 0.05)
        self.margin = margin
        self.scale = scale

    def forward(self, embeddings: Tensor, speakers: Tensor, share_of_margin: float) -> Tensor:
        cosines = functional.normalize(embeddings) @ functional.normalize(self.centres).T
        target = speakers.unsqueeze(1)
        # acos has no finite slope at 1.
        angles = cosines.gather(1, target).clamp(-1 + 1e-6, 1 - 1e-6).acos()
        harder = (angles + self.margin * share_of_margin).cos()
        return functional.cross_entropy(self.scale * cosines.scatter(1, target, harder), speakers)


def draw_batch(heard: Sequence[Sequence[np.ndarray]], rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Random speakers, for each a random stretch of `FRAMES` frames of a random utterance."""
    speakers = rng.integers(len(heard), size=BATCH)
    crops = []
    for speaker in speakers:
        utterance = heard[speaker][rng.integers(len(heard[speaker]))]
        start = rng.integers(len(utterance) - FRAMES + 1)
        crops.append(utterance[start : start + FRAMES])
    return torch.from_numpy(np.stack(crops)), torch.from_numpy(speakers)


def train(heard: Sequence[Sequence[np.ndarray]]) -> EcapaTdnn:
    """Train a network from nothing on the features of each speaker's utterances."""
    torch.manual_seed(SEED)
    rng = np.random.default_rng(SEED)
    network = EcapaTdnn()
    loss_of = AdditiveAngularMargin(network.embed.out_features, len(heard))
    parameters = [*network.parameters(), *loss_of.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=LEARNING_RATE, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=STEPS, pct_start=0.2)

    for step in range(1, STEPS + 1):
        features, speakers = draw_batch(heard, rng)
        # With the whole margin from the start the network would not find a beginning.
        loss = loss_of(network(features), speakers, share_of_margin=min(1.0, 3 * step / STEPS))
        if not math.isfinite(loss.item()):
            raise RuntimeError(f'The loss is {loss.item()} at step {step}')
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 50 == 0:
            print(f'step {step} of {STEPS}: loss {loss.item():.2f}', flush=True)
    return network.eval()


def main() -> None:
    start = time.perf_counter()
    speakers = [Speaker(voice, size) for size in SIZES for voice in TRAINING_VOICES]
    heard = listen(speakers, UTTERANCES_PER_SPEAKER, SEED, fbank)
    print(f'{len(speakers)} speakers said {sum(map(len, heard))} things in {time.perf_counter() - start:.0f} s')

    start = time.perf_counter()
    network = train(heard)
    print(f'{sum(p.numel() for p in network.parameters())} parameters trained in {time.perf_counter() - start:.0f} s')
    CHECKPOINT.parent.mkdir(exist_ok=True)
    torch.save(network.state_dict(), CHECKPOINT)

    result = verify_unheard(network, fbank, FRAMES)
    print(f'Equal error rate {result.equal_error_rate:.1%} over {result.pairs} pairs of {result.voices} unheard voices')
    report = HERE / 'data' / 'ecapa.json'
    report.parent.mkdir(exist_ok=True)
    report.write_text(json.dumps(result.to_json(), indent=2) + '\n')


if __name__ == '__main__':
    main()
