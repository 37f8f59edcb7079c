#!/usr/bin/env node
// What npm links as `expect-tensor`.
import { main } from './index.ts'
import { processTerminal } from './terminal.ts'

process.exitCode = await main(process.argv.slice(2), processTerminal())
