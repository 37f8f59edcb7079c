"""TorchScript: every module's result and every operator's becomes a name, by which it can be asked for and fed.

Hooks do not see inside a loaded TorchScript module. So calls of modules are put in place of their bodies, all in one graph, and a
function is made of the part that leads from what was fed to what is wanted.
"""

import io
import zipfile


def load_script(content, state):
    try:
        module = torch.jit.load(io.BytesIO(content), map_location='cpu')
    except Exception as error:
        raise Refusal(explain_script(content, error)) from error
    module.train(state == 'train')
    return Script(module)


def explain_script(content, error):
    """Say what a file is that is no TorchScript."""
    if zipfile.is_zipfile(io.BytesIO(content)):
        members = [name.split('/', 1)[-1] for name in zipfile.ZipFile(io.BytesIO(content)).namelist()]
        if 'constants.pkl' in members:
            return f'PyTorch {torch.__version__} cannot load it: {first_line(error)}'
        if 'data.pkl' in members:
            return (
                'it is a checkpoint (torch.save), which has weights but no network that could be run without its Python code. '
                'Save TorchScript: torch.jit.trace(model.eval(), example).save(path)'
            )
        if any(name.endswith('model.json') or name == 'archive_format' for name in members):
            return (
                'it is an exported program (torch.export.save). '
                'Save TorchScript: torch.jit.trace(model.eval(), example).save(path)'
            )
    elif content[:2] in (b'\x80\x02', b'\x80\x04'):
        return 'it is a pickle, which is not TorchScript. Save TorchScript: torch.jit.trace(model.eval(), example).save(path)'
    return 'it is not a TorchScript file, or it is truncated'


class Script:
    def __init__(self, module):
        self.module = module
        self.weights = weights_of(module)
        self.graph, self.names, self.types = flatten(module)
        self.arguments = {argument.name: argument for argument in module.forward.schema.arguments[1:]}
        for argument, value in zip(self.arguments, list(self.graph.inputs())[1:]):
            self.names[argument] = value.unique()
        [returned] = self.graph.outputs()
        results = leaves(returned)
        if not results:
            raise Refusal(f'it returns a {returned.type()}; return a tensor, or a tuple, list or dict of tensors')
        self.outputs = {}
        for index, (key, value) in enumerate(results):
            add(self.outputs, key or f'out{index}', value)
        self.names.update(self.outputs)
        # Numbers are another graph's in a copy, names are not.
        for value in values_of(self.graph).values():
            value.setDebugName(f'v{value.unique()}')
        self.functions = {}

    def describe(self):
        named = {}
        for name, value in [*self.outputs.items(), *self.names.items()]:
            names = named.setdefault(value, [])
            if name not in names:
                names.append(name)
        reads = {value.unique(): set() for value in self.graph.inputs()}
        # By value, the parameters that go into it and into nothing before it that has a name.
        held = {}
        # By values that were overwritten, what they were overwritten with.
        latest = {}
        producers = producers_of(self.graph)
        for node in self.graph.nodes():
            read, parameters = set(), set()
            for source in (latest.get(number, number) for number in all_inputs(node)):
                read |= {source} if source in named else reads.get(source, set())
                parameters |= set() if source in named else held.get(source, set())
            for output in node.outputs():
                reads[output.unique()] = read
                held[output.unique()] = {path_of(output)} if node.kind() == 'prim::GetAttr' else parameters
            for number in overwritten(node):
                for output in node.outputs():
                    latest.update(dict.fromkeys(origins(number, producers), output.unique()))

        # Numbers that `forward` takes are no tensors.
        for number in self.numbers():
            del reads[self.names[number]]
        blobs, layers = [], []
        last = None
        for value, read in reads.items():
            if value not in named:
                continue
            # What a module returns may be what its last one returns: the inner one comes first.
            first, *others = reversed(named[value])
            node = producers.get(value)
            if node is not None and node is last:
                layers[-1]['outputs'].append(first)
            elif node is not None:
                layers.append(self.layer(first, sorted(named[source][0] for source in read), held[value]))
            last = node
            for name, other in zip(others, [first, *others]):
                layers.append(self.layer(name, [other], set()))
                last = None
            blobs += [first, *others]
        inputs = [name for name, argument in self.arguments.items() if not argument.has_default_value()]
        return {
            'inputs': inputs,
            'outputs': list(self.outputs),
            'blobs': blobs,
            'layers': layers,
            'numbers': self.numbers(),
        }

    def layer(self, name, inputs, weights):
        """Describe what computes a tensor; an output that is called otherwise within the model is computed from that."""
        kind = self.types.get(name, 'Identity')
        return {'name': name, 'type': kind, 'inputs': inputs, 'outputs': [name], 'weights': weights}

    def numbers(self):
        values = values_of(self.graph)
        return [name for name in self.arguments if not is_tensor(values[self.names[name]])]

    def run(self, fed, wanted):
        if not set(wanted).isdisjoint(self.numbers()):
            raise MissingInputs(sorted(set(wanted) & set(self.numbers())))
        function, arguments = self.function_for(tuple(fed), tuple(wanted))
        missing = [name for name in arguments if name not in fed and not self.has_default(name)]
        if missing:
            raise MissingInputs(missing)
        with torch.no_grad(), torch.jit.optimized_execution(False):
            return function(self.module._c, *(self.argument(name, fed) for name in arguments))

    def has_default(self, name):
        return name in self.arguments and self.arguments[name].has_default_value()

    def argument(self, name, fed):
        if name not in fed:
            return self.arguments[name].default_value
        if name not in self.numbers():
            return fed[name]
        given, kind = fed[name].item(), str(self.arguments[name].type)
        number = {'int': int, 'float': float, 'bool': bool}.get(kind, type(given))(given)
        if number != given:
            raise Refusal(f'input {name!r} is a number of type {kind}, got {given}')
        return number

    def function_for(self, fed, wanted):
        """Make a function of what leads from `fed` to `wanted`, and say which arguments it takes."""
        if (fed, wanted) not in self.functions:
            if len(self.functions) >= 8:
                self.functions.clear()
            self.functions[fed, wanted] = self.cut(fed, wanted)
        return self.functions[fed, wanted]

    def cut(self, fed, wanted):
        graph = self.graph.copy()
        values = {value.debugName(): value for value in values_of(graph).values()}
        graph.eraseOutput(0)
        arguments = list(self.arguments)
        for name in fed:
            if name not in self.arguments:
                key = f'v{self.names[name]}'
                new = graph.addInput()
                new.setType(torch._C.TensorType.get())
                values[key].replaceAllUsesWith(new)
                values[key] = new
                arguments.append(name)
        results = [values[f'v{self.names[name]}'] for name in wanted]
        # Copies: a later operator may overwrite its input.
        none = graph.prependNode(graph.create('prim::Constant'))
        none.output().setType(torch._C.NoneType.get())
        copies = []
        for value in results:
            copy = graph.create('aten::clone', [value, none.output()], 1)
            copy.insertAfter(none if value.node().kind() == 'prim::Param' else value.node())
            copies.append(copy.output())
        collected = graph.appendNode(graph.create('prim::ListConstruct', copies, 1))
        collected.output().setType(torch._C.ListType(torch._C.TensorType.get()))
        graph.registerOutput(collected.output())
        drop_unneeded(graph)
        for index in reversed(range(len(arguments))):
            if not list(graph.inputs())[1 + index].uses():
                graph.eraseInput(1 + index)
                del arguments[index]
        return torch._C._create_function_from_graph('forward', graph), arguments


def drop_unneeded(graph):
    """Remove what the outputs are not made of; checks among it, and calls, which PyTorch's own pass would keep."""
    producers = producers_of(graph)
    needed = {value.unique() for value in graph.outputs()}
    for node in reversed(list(graph.nodes())):
        changed = {number for value in overwritten(node) for number in origins(value, producers)}
        if needed.isdisjoint({*(output.unique() for output in node.outputs()), *changed}):
            node.destroy()
        else:
            needed.update(all_inputs(node))


def producers_of(graph):
    return {output.unique(): node for node in graph.nodes() for output in node.outputs()}


def origins(number, producers):
    """What a value may be a view of, itself included."""
    found = [number]
    while number in producers and list(producers[number].inputs()):
        number = next(producers[number].inputs()).unique()
        found.append(number)
    return found


def overwritten(node):
    """The values that a node may overwrite: the first input of `add_` and its like, and of functions."""
    inner = [value for block in node.blocks() for node in block.nodes() for value in overwritten(node)]
    inputs = [value.unique() for value in node.inputs()]
    if node.kind() == 'prim::CallFunction':
        return inner + inputs[1:2]
    writes = node.kind().endswith('_') and not node.kind().endswith('__')
    return inner + inputs[:1] if writes else inner


def flatten(module):
    """One graph without calls of modules; for each name the value that it stands for, and what computes it.

    The result of a module goes by its path, `layer1.0.conv1`; the result of an operator within it by path and operator,
    `layer1.0/add`. A second one of that name is `layer1.0/add:1`.
    """
    graph = module.graph.copy()
    paths = [''] * len(list(graph.nodes()))
    results = {}
    replaced = {}
    while any(node.kind() == 'prim::CallMethod' for node in graph.nodes()):
        new_paths = []
        for node, path in zip(list(graph.nodes()), paths):
            if node.kind() != 'prim::CallMethod':
                new_paths.append(path)
                continue
            callee_path = path_of(next(node.inputs()))
            body = getattr(find_module(module, callee_path), node.s('name')).graph
            with graph.insert_point_guard(node):
                [result] = graph.insertGraph(body, list(node.inputs()))
            replaced[node.output().unique()] = result.unique()
            if node.s('name') == 'forward':
                add(results, callee_path, result.unique())
            node.output().replaceAllUsesWith(result)
            node.destroy()
            new_paths += [callee_path] * len(list(body.nodes()))
        paths = new_paths
    values = values_of(graph)
    arguments = {value.unique() for value in graph.inputs()}
    names = {}
    types = {}
    for name, value in results.items():
        while value in replaced:
            value = replaced[value]
        # A module that hands on what it got has no result of its own.
        if value not in arguments:
            for index, (key, leaf) in enumerate(leaves(values[value])):
                leaf_name = name if index == 0 else f'{name}:{key or index}'
                names.setdefault(leaf_name, leaf)
                types[leaf_name] = find_module(module, name.split(':')[0]).original_name
    known = set(names.values())
    nameless = ('prim::Constant', 'prim::GetAttr', 'prim::TupleUnpack', 'prim::NumToTensor')
    for node, path in zip(graph.nodes(), paths):
        for output in node.outputs():
            if node.kind() not in nameless and is_tensor(output) and output.unique() not in known:
                operator = node.kind().split('::')[1].strip('_')
                if node.kind() == 'prim::CallFunction':
                    operator = next(node.inputs()).node().s('name')
                types[add(names, f'{path}/{operator}' if path else operator, output.unique())] = operator
    return graph, names, types


def values_of(graph):
    """All values outside of blocks, by their numbers."""
    values = [*graph.inputs(), *(output for node in graph.nodes() for output in node.outputs())]
    return {value.unique(): value for value in values}


def add(names, name, value):
    """Add a name, numbered where there is one like it, and return it."""
    unique, count = name, 0
    while unique in names:
        count += 1
        unique = f'{name}:{count}'
    names[unique] = value
    return unique


def path_of(value):
    """The path of a module within the whole: `layer1.0.conv1`."""
    path = []
    while value.node().kind() == 'prim::GetAttr':
        path.insert(0, value.node().s('name'))
        value = next(value.node().inputs())
    return '.'.join(path)


def find_module(module, path):
    for name in path.split('.'):
        module = getattr(module, name)
    return module


def is_tensor(value):
    return value.type().isSubtypeOf(torch._C.TensorType.get())


def leaves(value, key=''):
    """The tensors in a tensor, tuple, list or dict that the graph puts together, each with its key in the dict and its number."""
    if is_tensor(value):
        return [(key, value.unique())]
    node = value.node()
    members = list(node.inputs())
    if node.kind() == 'prim::DictConstruct':
        pairs = zip(members[::2], members[1::2])
        return [leaf for name, member in pairs for leaf in leaves(member, str(name.toIValue()))]
    if node.kind() in ('prim::TupleConstruct', 'prim::ListConstruct'):
        return [leaf for member in members for leaf in leaves(member, key)]
    return []


def all_inputs(node):
    """The numbers of what a node reads, its blocks included."""
    numbers = [value.unique() for value in node.inputs()]
    for block in node.blocks():
        numbers += [value.unique() for value in block.outputs()]
        for inner in block.nodes():
            numbers += all_inputs(inner)
    return numbers
