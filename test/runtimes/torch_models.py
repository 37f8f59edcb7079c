"""Write small PyTorch models into a folder: TorchScript, what pnnx writes, and files that are neither."""

import struct
import sys
import zipfile
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(2, 2, 3, padding=1)
        self.norm = nn.BatchNorm1d(2)

    def forward(self, x):
        return self.norm(functional.relu(self.conv(x)))


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = Block()
        self.second = Block()
        self.drop = nn.Dropout(0.5)
        self.linear = nn.Linear(2, 3)

    def forward(self, x, y):
        h = self.second(self.first(x)) + y
        pooled = h.mean(2)
        return self.linear(self.drop(pooled)), pooled


class Chain(nn.Module):
    """What other runtimes have in the suite as well: y = |relu(x) + bias|."""

    def __init__(self):
        super().__init__()
        self.bias = nn.Parameter(torch.tensor([1.0, -2.0, 3.0]))

    def forward(self, x):
        return (functional.relu(x) + self.bias).abs()


class Ends(nn.Module):
    """Returns a dict, and overwrites what a module returned."""

    def __init__(self):
        super().__init__()
        self.twice = Twice()

    def forward(self, x):
        doubled = self.twice(x)
        doubled += 1
        return {'sum': doubled.sum(), 'negative': -doubled}


class Twice(nn.Module):
    def forward(self, x):
        return 2 * x


class Overwriting(nn.Module):
    """Writes into parts of a tensor."""

    def forward(self, x):
        y = x.clone()
        y[:, 0] = y[:, 1] * 2
        y.view(-1)[3:5].add_(1.0)
        return y * 2


class Nested(nn.Module):
    def __init__(self):
        super().__init__()
        self.twice = Twice()

    def forward(self, x):
        return self.twice(x), [x + 1, self.twice(x + 1)]


class Repeating(nn.Module):
    """Has a loop and a branch."""

    def __init__(self):
        super().__init__()
        self.twice = Twice()

    def forward(self, x, times: int = 3):
        for _ in range(times):
            x = self.twice(x)
            if bool(x.sum() > 10):
                x = x - 1
        return x


class Same(nn.Module):
    def forward(self, x):
        return x


class Scaled(nn.Module):
    def forward(self, x, factor: float, offset: float = 0.5):
        return x * factor + offset


class Complex(nn.Module):
    def forward(self, x):
        return torch.complex(x, x)


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(2, 3, batch_first=True)

    def forward(self, x):
        outputs, (hidden, _) = self.lstm(x)
        return outputs, hidden


PNNX = '''
import os
import numpy as np
import tempfile, zipfile
import torch
import torch.nn as nn
import torch.nn.functional as F

class Model(nn.Module):
    def __init__(self):
        super(Model, self).__init__()

        INIT
        archive.close()

    def load_pnnx_bin_as_parameter(self, archive, key, shape, dtype, requires_grad=True):
        return nn.Parameter(self.load_pnnx_bin_as_tensor(archive, key, shape, dtype), requires_grad)

    def load_pnnx_bin_as_tensor(self, archive, key, shape, dtype):
        fd, tmppath = tempfile.mkstemp()
        with os.fdopen(fd, 'wb') as tmpf, archive.open(key) as keyfile:
            tmpf.write(keyfile.read())
        m = np.memmap(tmppath, dtype=dtype, mode='r', shape=shape).copy()
        os.remove(tmppath)
        return torch.from_numpy(m)

    FORWARD
'''

SMALL_INIT = '''
        self.fc = nn.Linear(bias=True, in_features=2, out_features=2)

        archive = zipfile.ZipFile('build/there/small.pnnx.bin', 'r')
        self.fc.bias = self.load_pnnx_bin_as_parameter(archive, 'fc.bias', (2), 'float32')
        self.fc.weight = self.load_pnnx_bin_as_parameter(archive, 'fc.weight', (2,2), 'float32')
'''

SMALL_FORWARD = '''
    def forward(self, v_0, v_1):
        v_2 = self.fc(v_0)
        v_3, v_4 = torch.chunk(input=v_2, chunks=2, dim=1)
        v_5, _ = torch.max(input=v_3, dim=1, keepdim=True)
        v_5[..., 0] = v_4[..., 0]
        v_6 = v_5.size(0)
        v_7 = (v_5 + v_1)
        v_8 = (v_7, v_2, )
        return v_8
'''

CHAIN_INIT = '''
        archive = zipfile.ZipFile('chain.pnnx.bin', 'r')
        self.bias = self.load_pnnx_bin_as_parameter(archive, 'bias', (3), 'float32')
'''

CHAIN_FORWARD = '''
    def forward(self, v_0):
        v_1 = F.relu(v_0)
        v_2 = (v_1 + self.bias)
        v_3 = torch.abs(v_2)
        return v_3
'''


def write_pnnx(folder, name, init, forward, weights):
    (folder / f'{name}_pnnx.py').write_text(PNNX.replace('INIT', init.strip()).replace('FORWARD', forward.strip()))
    with zipfile.ZipFile(folder / f'{name}.pnnx.bin', 'w') as archive:
        for key, values in weights.items():
            archive.writestr(key, struct.pack(f'<{len(values)}f', *values))


def main(folder):
    torch.manual_seed(1)
    network = Network().eval()
    with torch.no_grad():
        for norm in (network.first.norm, network.second.norm):
            norm.running_mean.uniform_(-1, 1)
    example = (torch.rand(1, 2, 6), torch.rand(1, 2, 6))
    torch.jit.trace(network, example).save(folder / 'traced.pt')
    torch.jit.script(network).save(folder / 'scripted.pt')
    torch.jit.trace(Ends(), example[:1], strict=False).save(folder / 'ends.pt')
    torch.jit.script(Overwriting()).save(folder / 'overwriting.pt')
    torch.jit.script(Nested()).save(folder / 'nested.pt')
    torch.jit.script(Repeating()).save(folder / 'repeating.pt')
    torch.jit.trace(Same(), example[:1]).save(folder / 'same.pt')
    torch.jit.script(Scaled()).save(folder / 'scaled.pt')
    torch.jit.trace(Complex(), example[:1]).save(folder / 'complex.pt')
    torch.jit.trace(Recurrent(), torch.rand(1, 4, 2)).save(folder / 'recurrent.pt')
    torch.save(network.state_dict(), folder / 'weights.pth')
    torch.save([1, 2], folder / 'pickle.pth', _use_new_zipfile_serialization=False)
    chain = torch.tensor([[-1.0, 2.0, -3.0]])
    torch.jit.trace(Chain(), chain).save(folder / 'chain.pt')
    torch.jit.script(Chain()).save(folder / 'chain_scripted.pt')
    write_pnnx(folder, 'chain', CHAIN_INIT, CHAIN_FORWARD, {'bias': [1, -2, 3]})
    write_pnnx(folder, 'small', SMALL_INIT, SMALL_FORWARD, {'fc.bias': [0, 0], 'fc.weight': [1, 2, -3, 4]})


main(Path(sys.argv[1]))
