"""The *_pnnx.py that pnnx writes: its `forward` is one assignment after the other, of which those are run that are needed."""

import ast
import io
import types
import zipfile


def load_pnnx(text, weights, source, state):
    tree = ast.parse(text, source)
    namespace = {'__name__': 'pnnx_model', '__file__': source}
    exec(compile(tree, source, 'exec'), namespace)
    # The file opens its weights by a name that holds where pnnx was called.
    namespace['zipfile'] = types.SimpleNamespace(ZipFile=lambda *_: open_weights(weights))
    module = namespace['Model']()
    module.train(state == 'train')
    [forward] = [
        function
        for definition in tree.body
        if isinstance(definition, ast.ClassDef) and definition.name == 'Model'
        for function in definition.body
        if isinstance(function, ast.FunctionDef) and function.name == 'forward'
    ]
    return Pnnx(module, namespace, forward, source)


def open_weights(weights):
    try:
        return zipfile.ZipFile(io.BytesIO(weights))
    except zipfile.BadZipFile as error:
        raise Refusal(f'its weights (the .pnnx.bin) are damaged: {error}') from error


class Pnnx:
    def __init__(self, module, namespace, forward, source):
        self.module = module
        self.weights = weights_of(module)
        self.namespace = namespace
        self.arguments = [argument.arg for argument in forward.args.args[1:]]
        self.steps = [Step(statement, source) for statement in forward.body if not isinstance(statement, ast.Return)]
        [returned] = [statement.value for statement in forward.body if isinstance(statement, ast.Return)]
        for step in self.steps:
            if isinstance(returned, ast.Name) and step.writes == [returned.id] and step.is_tuple:
                returned = step.statement.value
        results = [node.id for node in getattr(returned, 'elts', [returned])]
        # Inputs and outputs are called as pnnx calls them in the .ncnn.param, the others as in the file.
        self.outputs = {f'out{index}': variable for index, variable in enumerate(results)}
        self.variables = {f'in{index}': variable for index, variable in enumerate(self.arguments)}
        known = {*self.arguments, *results}
        for step in self.steps:
            if not step.is_tuple:
                self.variables.update((variable, variable) for variable in step.writes if variable not in known)
        self.variables.update(self.outputs)

    def describe(self):
        names = {variable: name for name, variable in self.variables.items()}
        # By variable, the step that makes it; later ones change it.
        makers, layers = {}, {}
        for step in self.steps:
            for variable in step.writes:
                maker = makers.setdefault(variable, step)
                layer = layers.setdefault(maker, {'type': maker.operator(self.module), 'reads': set(), 'outputs': [], 'weights': set()})
                layer['reads'] |= step.reads - {variable}
                layer['weights'] |= {name for name in self.weights if name.split('.')[0] in step.members}
                if variable in names and names[variable] not in layer['outputs']:
                    layer['outputs'].append(names[variable])
        described = [
            {
                'name': layer['outputs'][0],
                'type': layer['type'],
                'inputs': sorted(names[read] for read in layer['reads'] if read in names),
                'outputs': layer['outputs'],
                'weights': layer['weights'],
            }
            for layer in layers.values()
            if layer['outputs']
        ]
        inputs = [f'in{index}' for index in range(len(self.arguments))]
        blobs = [*inputs, *(name for layer in described for name in layer['outputs'])]
        return {'inputs': inputs, 'outputs': list(self.outputs), 'blobs': blobs, 'layers': described, 'numbers': []}

    def run(self, fed, wanted):
        given = {self.variables[name]: tensor for name, tensor in fed.items()}
        needed = {self.variables[name] for name in wanted} - given.keys()
        steps = []
        for step in reversed(self.steps):
            if needed & set(step.writes):
                steps.insert(0, step)
                needed |= step.reads - given.keys()
        missing = [f'in{i}' for i, variable in enumerate(self.arguments) if variable in needed]
        if missing:
            raise MissingInputs(missing)
        values = {'self': self.module, **given}
        with torch.no_grad():
            for step in steps:
                exec(step.code, self.namespace, values)
                values.update(given)
        return [torch.as_tensor(values[self.variables[name]]) for name in wanted]


class Step:
    """One statement of `forward`: which variables it sets or changes, and which it reads."""

    def __init__(self, statement, source):
        self.statement = statement
        self.code = compile(ast.Module([statement], []), source, 'exec')
        # Others are `self`, modules, and `_` for results that nobody wants.
        names = [node for node in ast.walk(statement) if isinstance(node, ast.Name) and node.id.startswith('v_')]
        stored = [node.id for node in names if isinstance(node.ctx, ast.Store)]
        # v_3[..., 0] = v_2 changes v_3.
        changed = [node.value.id for node in ast.walk(statement) if is_element_store(node)]
        self.writes = [*stored, *changed]
        self.reads = {node.id for node in names if isinstance(node.ctx, ast.Load)}
        # Modules and tensors of the model: `self.conv_0(v_1)`.
        self.members = {node.attr for node in ast.walk(statement) if is_member(node)}
        self.is_tuple = isinstance(getattr(statement, 'value', None), (ast.Tuple, ast.List))


    def operator(self, module):
        """What the step computes: the class of a module, the name of a function or method, the operator of an expression."""
        value = getattr(self.statement, 'value', None)
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
            owner, name = value.func.value, value.func.attr
            is_module = isinstance(owner, ast.Name) and owner.id == 'self'
            return type(getattr(module, name)).__name__ if is_module else name
        return type(getattr(value, 'op', value)).__name__


def is_member(node):
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == 'self'


def is_element_store(node):
    return isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name)
