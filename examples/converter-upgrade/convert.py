"""Convert the three networks with ten releases of pnnx.

    pip install -r requirements.txt
    python convert.py FOLDER     (about 850 MB of pnnx, and the results)

Writes
    FOLDER/<network>.in.npy and .out.npy       an input, and what PyTorch makes of it
    FOLDER/<release>/<network>.ncnn.param ...  what that release makes of the network, with float32 weights
and, for the suite, models/<release>/cnn.ncnn.* of two releases, data/image.npy and data/pytorch.npy
"""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import torch

from networks import make_networks

HERE = Path(__file__).parent

RELEASES = (
    '20240226', '20240410', '20240819', '20241223', '20250403',
    '20250530', '20250930', '20251119', '20260526', '20261020',
)  # fmt: skip
BEFORE, AFTER = '20251119', '20261020'


def fetch(release: str, folder: Path) -> Path:
    """The release's executable, out of its wheel: it needs neither Python nor PyTorch."""
    executable = folder / 'pnnx' / release / 'pnnx' / 'pnnx'
    if not executable.exists():
        wheels = folder / 'wheels'
        command = [sys.executable, '-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', wheels, f'pnnx=={release}']
        subprocess.run(command, check=True)
        [wheel] = wheels.glob(f'pnnx-{release}-*.whl')
        zipfile.ZipFile(wheel).extractall(folder / 'pnnx' / release)
        executable.chmod(0o755)
    return executable.resolve()


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, (module, example) in make_networks().items():
        with torch.inference_mode():
            np.save(folder / f'{name}.in.npy', example.numpy())
            np.save(folder / f'{name}.out.npy', module(example).numpy())
            torch.jit.trace(module, example).save(str(folder / f'{name}.pt'))
        shape = ','.join(map(str, example.shape))
        for release in RELEASES:
            workshop = folder / release
            workshop.mkdir(exist_ok=True)
            shutil.copyfile(folder / f'{name}.pt', workshop / f'{name}.pt')
            command = [fetch(release, folder), f'{name}.pt', f'inputshape=[{shape}]', 'fp16=0']
            subprocess.run(command, cwd=workshop, check=True, capture_output=True)
    for release in (BEFORE, AFTER):
        (HERE / 'models' / release).mkdir(parents=True, exist_ok=True)
        for kind in ('param', 'bin'):
            shutil.copyfile(folder / release / f'cnn.ncnn.{kind}', HERE / 'models' / release / f'cnn.ncnn.{kind}')
    (HERE / 'data').mkdir(exist_ok=True)
    shutil.copyfile(folder / 'cnn.in.npy', HERE / 'data' / 'image.npy')
    shutil.copyfile(folder / 'cnn.out.npy', HERE / 'data' / 'pytorch.npy')


if __name__ == '__main__':
    main()
