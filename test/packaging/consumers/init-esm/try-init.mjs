// A suite that `expect-tensor init` writes for ts-jest in ESM, with @jest/globals: it passes at once, and fails when a weight is changed.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { writeTensors } from 'expect-tensor/files'

const param = '7767517\n2 2\nInput in0 0 1 in0\nInnerProduct fc 1 1 in0 out0 0=2 1=1 2=4\n'
const weights = Float32Array.of(0, 1, 2, 3, 4, 0.5, -0.5)
writeFileSync('net.param', param)
writeFileSync('net.bin', weights)
await writeTensors('net.npz', { in0: Float32Array.of(1, 10), out0: Float32Array.of(21.5, 42.5) })

const run = (...args) => spawnSync('npm', ['run', '--silent', ...args], { encoding: 'utf8' })
const initialised = spawnSync('npx', ['--no-install', 'expect-tensor', 'init', 'net.param', '--reference', 'net.npz'], {
  encoding: 'utf8',
})
assert.equal(initialised.status, 0, initialised.stdout + initialised.stderr)
assert.match(readFileSync('jest.config.js', 'utf8'), /setupFilesAfterEnv: \['expect-tensor\/jest-globals'\], preset/)
assert.match(readFileSync('tsconfig.json', 'utf8'), /"types": \["expect-tensor\/jest-globals"\]/)

const green = run('jest')
assert.match(green.stderr, /Tests: +1 passed/)
assert.equal(green.status, 0)

weights[1] += 1
writeFileSync('net.bin', weights)
const red = run('jest')
assert.match(red.stderr, /Tensors do not match/)
assert.equal(red.status, 1)
