"""Speech to learn from and to test with, spoken by espeak-ng (Debian and Ubuntu: `apt install espeak-ng`).

No recording of a person is needed, so everything here may be repeated and given away. espeak-ng's voice variants play
the people, all with the same accent, so that nothing but the voice tells them apart. Which of them a network hears in
training and which it is tested on is settled here, once.
"""

import os
import subprocess
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import librosa
import numpy as np

SAMPLE_RATE = 16_000
ESPEAK_SAMPLE_RATE = 22_050
WAV_HEADER_BYTES = 44

#: Voices that no network here hears in training. One member of each family (espeak-ng has iven, iven2, iven3...: near
#: copies of one another would count as errors no listener would call an error), no robots and no whisperers.
UNHEARD_VOICES = (
    'Alicia Annie belinda f3 grandma linda steph '
    'Denis Hugo Jacky Marco Michael Nguyen ed gustave iven m2 m6 paul quincy rob travis victor zac'
).split()

#: The voices to train on. Robots and near copies are welcome here: they only make the task harder.
TRAINING_VOICES = (
    'Alex Andrea Andy AnxiousAndy Demonic Diogo Gene Gene2 Henrique Lee Mario Mike RicishayMax RicishayMax2 '
    'RicishayMax3 Storm Tweaky UniRobot adam anika anikaRobot announcer antonio aunty benjamin boris caleb croak david '
    'edward edward2 f1 f2 f4 f5 fast grandpa john kaukovalta klatt2 klatt3 klatt4 klatt5 m1 m3 m4 m5 m7 m8 marcelo max '
    'michel miguel norbert pablo pedro robert robosoft robosoft2 robosoft3 robosoft4 robosoft5 robosoft6 robosoft7 '
    'robosoft8 sandro shelby whisper whisperf'
).split()

WORDS = (
    'about above across after again almost already always amber animal answer apple april arrow august autumn balance '
    'banana basket beautiful before behind better between bicycle bottle bridge brother building butter camera candle '
    'carbon castle centre chapter cherry chicken children circle coffee copper corner cotton country cousin crystal '
    'december diamond dinner doctor dollar double dragon early east eight eleven engine evening every father february '
    'finger fire five flower forest forty four friday friend garden ginger glass gold green guitar hammer harbour '
    'heavy hundred island january july june jungle kitchen ladder laughter leather lemon letter little london magic '
    'market meadow middle million minute monday monkey morning mother mountain music nine north november number ocean '
    'october orange oxygen paper pencil people pepper picture pillow planet pocket purple quarter question quiet '
    'rabbit river saturday school season second september seven shadow silver sister six smoke south spring station '
    'stone summer sunday ten thirteen thirty thousand three thunder thursday tiger tomorrow travel tuesday twelve '
    'twenty two uncle under valley velvet village violin water weather wednesday west window winter wonder yellow '
    'yesterday young zero'
).split()


@dataclass(frozen=True)
class Speaker:
    """Somebody to be told apart from all others.

    `size` scales the whole spectrum, as a shorter (> 1) or longer (< 1) vocal tract would: the same voice at another
    size is another person. (To win speakers by resampling is common practice in speaker verification.)
    """

    voice: str
    size: float = 1.0


def speak(speaker: Speaker, text: str, words_per_minute: int, pitch: int) -> np.ndarray:
    """Let a speaker say a text; returns mono float32 samples within [-1, 1] at `SAMPLE_RATE`."""
    command = ['espeak-ng', '--stdout', '-v', f'en-us+{speaker.voice}', '-s', str(words_per_minute), '-p', str(pitch)]
    wav = subprocess.run([*command, text], check=True, capture_output=True).stdout
    samples = np.frombuffer(wav[WAV_HEADER_BYTES:], dtype='<i2').astype(np.float32) / 32768
    return librosa.resample(samples, orig_sr=ESPEAK_SAMPLE_RATE * speaker.size, target_sr=SAMPLE_RATE)


def speak_at_random(speaker: Speaker, rng: np.random.Generator) -> np.ndarray:
    """Let a speaker say ten random words, at a speed and a pitch of the moment."""
    text = ' '.join(rng.choice(WORDS, size=10))
    return speak(speaker, text, words_per_minute=int(rng.integers(140, 190)), pitch=int(rng.integers(42, 59)))


def listen(
    speakers: Sequence[Speaker], count: int, seed: int, hear: Callable[[np.ndarray], np.ndarray]
) -> list[list[np.ndarray]]:
    """Let every speaker say `count` things, and keep what `hear` makes of each: one list of arrays per speaker."""

    def listen_to(index: int) -> list[np.ndarray]:
        rng = np.random.default_rng([seed, index])
        return [hear(speak_at_random(speakers[index], rng)) for _ in range(count)]

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(listen_to, range(len(speakers))))
