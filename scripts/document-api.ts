// Writes docs/api/ from the doc comments of all that can be imported: `npm run docs:api`.
import { fileURLToPath } from 'node:url'
import { Application, Converter, ReflectionKind } from 'typedoc'

const root = fileURLToPath(new URL('..', import.meta.url))

/** What is imported, by its source. The other entries export nothing, or a reporter that test runners construct. */
const entries: Readonly<Record<string, string>> = {
  'expect-tensor': 'index.ts',
  'expect-tensor/files': 'files/index.ts',
  'expect-tensor/ncnn': 'runners/ncnn/index.ts',
  'expect-tensor/onnx': 'runners/onnx/index.ts',
  'expect-tensor/tfjs': 'runners/tfjs/index.ts',
  'expect-tensor/torch': 'runners/torch/index.ts',
  'expect-tensor/analysis': 'model-analysis.ts',
  'expect-tensor/vitest-plugin': 'vitest-plugin.ts',
}

const app = await Application.bootstrapWithPlugins({
  name: 'API',
  entryPoints: Object.values(entries).map((source) => `${root}src/${source}`),
  tsconfig: `${root}tsconfig.src.json`,
  plugin: ['typedoc-plugin-markdown'],
  out: `${root}docs/api`,
  readme: 'none',
  disableSources: true,
  disableGit: true,
  githubPages: false,
  excludeInternal: true,
  excludePrivate: true,
  excludeExternals: true,
  sort: ['alphabetical'],
  // a type that a public signature names has to be public
  validation: { notExported: true, invalidLink: true, notDocumented: false, invalidPath: true, rewrittenLink: true },
  treatValidationWarningsAsErrors: true,
  // lists of codes, which their types spell out; and what constructors of errors take, which nobody else calls
  intentionallyNotExported: ['tensorFileErrorCodes', 'modelErrorCodes', 'ModelErrorOptions'],
  ...{
    router: 'module',
    hideBreadcrumbs: true,
    hidePageHeader: true,
    useCodeBlocks: true,
    ...Object.fromEntries(
      ['parameters', 'interfaceProperties', 'classProperties', 'typeDeclaration', 'enumMembers'].map((what) => [
        `${what}Format`,
        'table',
      ]),
    ),
  },
})
app.converter.on(Converter.EVENT_CREATE_DECLARATION, (_, reflection) => {
  if (!reflection.kindOf(ReflectionKind.Module)) return
  const found = Object.entries(entries).find(([, source]) => source.replace(/(\/index)?\.ts$/, '') === reflection.name)
  if (found !== undefined) reflection.name = found[0]
})
const project = await app.convert()
if (project === undefined) process.exit(1)
app.validate(project)
if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exitCode = 1
else await app.generateOutputs(project)
