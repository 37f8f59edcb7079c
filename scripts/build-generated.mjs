// Builds all that is generated, in one process: starting three takes longer than seeing that nothing has changed.
for (const name of ['kernels', 'workers', 'report-page']) await import(`./build-${name}.mjs`)
