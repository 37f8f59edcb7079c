// Writes docs/api/ from the doc comments of all that can be imported: `npm run docs:api`.
import { fileURLToPath } from 'node:url'
import { Application, Converter } from 'typedoc'

const root = fileURLToPath(new URL('..', import.meta.url))

/** What is imported, by its source. `vitest`, `jest`, `jest-globals` and `expect` export nothing. */
const entries: Readonly<Record<string, string>> = {
  'expect-tensor': 'src/index.ts',
  'expect-tensor/files': 'src/files/index.ts',
  'expect-tensor/ncnn': 'src/runners/ncnn/index.ts',
  'expect-tensor/onnx': 'src/runners/onnx/index.ts',
  'expect-tensor/tfjs': 'src/runners/tfjs/index.ts',
  'expect-tensor/torch': 'src/runners/torch/index.ts',
  'expect-tensor/analysis': 'src/model-analysis.ts',
}

const app = await Application.bootstrapWithPlugins(
  {
    name: 'API',
    entryPoints: Object.values(entries).map((source) => `${root}${source}`),
    tsconfig: `${root}tsconfig.json`,
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
    ...{ router: 'module', hideBreadcrumbs: true, hidePageHeader: true, useCodeBlocks: true, expandParameters: true },
  },
)
app.converter.on(Converter.EVENT_CREATE_DECLARATION, (_, reflection) => {
  const source = reflection.sources?.[0]?.fullFileName ?? ''
  if (reflection.parent?.isProject() !== true) return
  const name = Object.keys(entries).find((entry) => source.endsWith(`/${entries[entry]}`))
  if (name !== undefined) reflection.name = name
})
const project = await app.convert()
if (project === undefined) process.exit(1)
app.validate(project)
if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exitCode = 1
else await app.generateOutputs(project)
