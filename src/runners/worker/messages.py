"""How a Python worker is asked and answers; scripts/build-workers.mjs puts this before each worker's own program.

Requests come on standard input, answers leave on what was standard output: the length of a JSON header as a little-endian
32-bit word, the header, then the bytes of the tensors, whose lengths the header gives under "parts".
"""

import sys

# Python looks for modules in the working directory first, where a test project may have files called like a library: json.py, types.py.
sys.path = [folder for folder in sys.path if folder]

import os

sys.path = [folder for folder in sys.path if os.path.realpath(folder) != os.path.realpath('.')]

import hashlib
import json
import platform

# What libraries print must not get between the answers.
requests = sys.stdin.buffer
answers = os.fdopen(os.dup(1), 'wb')
os.dup2(2, 1)
# What was printed before is not from here.
answers.write(b'expect-tensor worker\n')


class Refusal(Exception):
    """The library, or the program itself, said no; what libraries print about it is on standard error."""

    def __init__(self, message, code='runtime-failed'):
        super().__init__(message)
        self.code = code


def read_exactly(length):
    content = requests.read(length)
    if len(content) < length:
        sys.exit()
    return content


def read_header():
    return json.loads(read_exactly(int.from_bytes(read_exactly(4), 'little')))


def read_parts(lengths):
    """Read what follows a header. Where there is no memory for it, it is skipped: the next message comes after it."""
    left = sum(lengths)
    parts = []
    try:
        for length in lengths:
            parts.append(read_exactly(length))
            left -= length
    except MemoryError:
        parts.clear()
        while left > 0:
            left -= len(read_exactly(min(left, 1 << 16)))
        raise
    return parts


def write_answer(header, parts=()):
    content = json.dumps({**header, 'parts': [len(part) for part in parts]}).encode()
    for piece in (len(content).to_bytes(4, 'little'), content, *parts):
        answers.write(piece)
    answers.flush()


python_version = sys.version.split()[0]


def say_missing(error):
    """Say that a library cannot be imported, and end."""
    write_answer({'missing': f'{type(error).__name__}: {error}', 'python': python_version})
    sys.exit()


def read_kept(path):
    """Read a file that is named after its content; None if that cannot be, or it is not what it was."""
    try:
        with open(path, 'rb') as file:
            content = file.read()
    except OSError:
        return None
    return content if hashlib.sha256(content).hexdigest() == os.path.basename(path) else None


def keep(path, content):
    """Write a file whole or not at all."""
    # Processes in containers have the same number, and may share the folder.
    unfinished = f'{path}.{os.urandom(8).hex()}'
    try:
        with open(unfinished, 'wb') as file:
            file.write(content)
        os.replace(unfinished, path)
    except OSError:
        if os.path.exists(unfinished):
            os.unlink(unfinished)
        raise


def recall(folder, names, sent):
    """Give a model's files, kept in a folder under their SHA-256: those that were sent, else those that are there; None if one is missing."""
    folder = os.path.expanduser(folder)
    paths = [os.path.join(folder, name) for name in names]
    if not sent:
        contents = [read_kept(path) for path in paths]
        return None if None in contents else contents
    try:
        os.makedirs(folder, exist_ok=True)
        for path, content in zip(paths, sent):
            keep(path, content)
    except OSError as error:
        raise Refusal(f'cannot keep model files in the folder {folder}: {error.strerror}', 'unreadable') from error
    return sent


less_memory = 'free some there, store the weights in 16 bits, take smaller inputs, or divide the model'


def serve(version, load, run):
    """Say who is there, then answer requests until there are no more: `load` makes a model, `run` gives what it computes, one by one."""
    if sys.byteorder != 'little':
        write_answer({'error': 'its processor writes the bytes of numbers in another order', 'code': 'unsupported'})
        sys.exit()
    write_answer({'version': version, 'python': python_version, 'machine': platform.machine()})
    models = {}
    while True:
        header = read_header()
        try:
            parts = read_parts(header['parts'])
            if header['request'] == 'load':
                if 'kept' in header:
                    parts = recall(*header['kept'], parts)
                if parts is None:
                    write_answer({'missing': True})
                else:
                    models[header['model']], described = load(header, *parts)
                    write_answer(described)
            elif header['request'] == 'close':
                models.pop(header['model'], None)
                write_answer({})
            else:
                for described, content in run(models[header['model']], header, parts):
                    write_answer({'more': True, **described}, [content])
                write_answer({})
        except Refusal as error:
            write_answer({'error': str(error), 'code': error.code})
        except MemoryError as error:
            why = f' ({error})' if str(error) else ''
            write_answer({'error': f'the memory where Python runs does not suffice{why}: {less_memory}', 'code': 'out-of-memory'})
        except Exception as error:
            write_answer({'error': f'the Python worker failed: {type(error).__name__}: {error}'})
