// Paths as they are written into tests and messages: with slashes, on every system.
import { relative, sep } from 'node:path'

export const relativePath = (from: string, to: string): string => relative(from, to).split(sep).join('/')
