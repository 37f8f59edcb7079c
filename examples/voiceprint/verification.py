"""Speaker verification: are two utterances the same person? And how often is that answer wrong?"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from speech import UNHEARD_VOICES, Speaker, listen

UTTERANCES_PER_VOICE = 10


@dataclass(frozen=True)
class Verification:
    """The outcome of a trial over all pairs of utterances.

    At `threshold` (a cosine similarity; the same person at or above it) as large a share of the pairs of two people is
    wrongly accepted as of the pairs of one person is wrongly rejected: `equal_error_rate`.
    """

    equal_error_rate: float
    threshold: float
    voices: int
    utterances: int
    pairs: int

    def to_json(self) -> dict[str, float]:
        """The same under the names JavaScript would use."""
        return {
            'equalErrorRate': round(self.equal_error_rate, 4),
            'threshold': round(self.threshold, 4),
            'unheardVoices': self.voices,
            'utterances': self.utterances,
            'pairs': self.pairs,
        }


def verify(embeddings: np.ndarray) -> Verification:
    """Try all pairs of utterances, given their embeddings as [voices, utterances, embedding]."""
    voices, per_voice, _ = embeddings.shape
    unit = embeddings / np.linalg.norm(embeddings, axis=2, keepdims=True)
    unit = unit.reshape(voices * per_voice, -1)
    voice = np.repeat(np.arange(voices), per_voice)
    first, second = np.triu_indices(len(unit), k=1)

    scores = (unit @ unit.T)[first, second]
    best_first = np.argsort(-scores)
    same = (voice[first] == voice[second])[best_first]
    false_accepts = np.cumsum(~same) / np.sum(~same)
    false_rejects = 1 - np.cumsum(same) / np.sum(same)
    equal = np.argmin(np.abs(false_accepts - false_rejects))

    return Verification(
        equal_error_rate=float(false_accepts[equal] + false_rejects[equal]) / 2,
        threshold=float(scores[best_first][equal]),
        voices=voices,
        utterances=len(unit),
        pairs=len(scores),
    )


def verify_unheard(network: nn.Module, hear: Callable[[np.ndarray], np.ndarray], frames: int) -> Verification:
    """Try a network on voices it never heard, from the first `frames` frames of each utterance."""
    speakers = [Speaker(voice) for voice in UNHEARD_VOICES]
    heard = listen(speakers, UTTERANCES_PER_VOICE, seed=2, hear=lambda samples: hear(samples)[:frames])
    with torch.inference_mode():
        embeddings: list[Tensor] = [network(torch.from_numpy(np.stack(utterances))) for utterances in heard]
    return verify(torch.stack(embeddings).numpy())
