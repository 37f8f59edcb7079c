"""The Python side of loadLitert: opens a .tflite and runs it; inputs and outputs come and go in the model's order."""

try:
    from importlib.metadata import version

    import numpy
    from ai_edge_litert.interpreter import Interpreter, OpResolverType
except Exception as error:
    say_missing(error)

resolvers = {
    'xnnpack': OpResolverType.BUILTIN,
    'builtin': OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    'reference': OpResolverType.BUILTIN_REF,
}


def first_line(error):
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def load(header, content):
    try:
        interpreter = Interpreter(
            model_content=content, experimental_op_resolver_type=resolvers[header['kernels']], num_threads=1
        )
        interpreter.allocate_tensors()
    except Exception as error:
        raise Refusal(f'LiteRT refuses the model: {first_line(error)}') from error
    return interpreter, {}


def run(interpreter, header, parts):
    try:
        for details, part in zip(interpreter.get_input_details(), parts):
            elements = numpy.frombuffer(part, dtype=details['dtype']).reshape(details['shape'])
            interpreter.set_tensor(details['index'], elements)
        interpreter.invoke()
        results = [take(interpreter, details) for details in interpreter.get_output_details()]
    except Exception as error:
        raise Refusal(f'LiteRT cannot run it: {first_line(error)}') from error
    for result in results:
        yield {'shape': list(result.shape)}, result.tobytes()


def take(interpreter, details):
    # It has no data to hand over where there are no elements.
    if 0 in details['shape']:
        return numpy.empty(details['shape'], dtype=details['dtype'])
    return interpreter.get_tensor(details['index'])


serve(version('ai-edge-litert'), load, run)
