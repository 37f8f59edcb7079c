"""What the networks get to see of a sound: mel spectrograms, one row per 10 ms, float32 [frames, bands]."""

import librosa
import numpy as np

from speech import SAMPLE_RATE

WINDOW = SAMPLE_RATE * 25 // 1000
HOP = SAMPLE_RATE * 10 // 1000


def fbank(samples: np.ndarray) -> np.ndarray:
    """Log-mel filter-bank energies in 80 bands, for the ECAPA-TDNN.

    Each band's mean over the utterance is removed, and with it loudness and the colour of the microphone.
    """
    energies = librosa.feature.melspectrogram(
        y=samples, sr=SAMPLE_RATE, n_fft=512, win_length=WINDOW, hop_length=HOP, n_mels=80, center=False
    )
    bands = np.log(energies.T + 1e-6)
    return (bands - bands.mean(axis=0)).astype(np.float32)


def mel(samples: np.ndarray) -> np.ndarray:
    """Mel energies in 40 bands, not logarithmic, as Resemblyzer computes them for its voice encoder.

    The library raises quiet recordings to -30 dBFS and cuts out long silences. espeak-ng's speech is louder than that
    and has none, so neither step is needed here.
    """
    energies = librosa.feature.melspectrogram(y=samples, sr=SAMPLE_RATE, n_fft=WINDOW, hop_length=HOP, n_mels=40)
    return energies.T.astype(np.float32)
