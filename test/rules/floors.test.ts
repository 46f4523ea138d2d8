/** The house has floors: imports go down only. docs/architecture.md draws them. */
import assert from 'node:assert/strict'
import { posix } from 'node:path'
import { test } from 'node:test'
import { sources } from './tree.ts'

const floors: Readonly<Record<string, number>> = {
  base: 0,
  wire: 1,
  config: 1,
  ledger: 2,
  store: 2,
  gate: 3,
  pool: 3,
  cache: 3,
  rules: 3,
  net: 4,
  exchange: 5,
  run: 6,
  watch: 6,
  cli: 7,
}
/** Files directly under src are the front doors of the package; everything may be seen from there. */
const roof = 8

/** On the same floor, but strangers: the wire knows no settings, and settings know no bytes. */
const strangers = [
  ['wire', 'config'],
  ['config', 'wire'],
]

interface Import {
  readonly from: string
  readonly to: string
  /** Only types are imported: nothing is left of it when the program runs. */
  readonly typeOnly: boolean
}

const statements = /(?:^|\n)\s*(?:import|export)\b[^'"`;]*?\bfrom\s*'([^']+)'|(?:^|\n)\s*import\s*'([^']+)'/g
const calls = /\bimport\(\s*'([^']+)'|\bnew URL\(\s*'([^']+\.ts)'/g

function importsOf(path: string, text: string): Import[] {
  const found: Import[] = []
  for (const pattern of [statements, calls]) {
    for (const match of text.matchAll(pattern)) {
      const target = match[1] ?? match[2] ?? ''
      if (!target.startsWith('.')) continue
      const typeOnly = /^\s*(import|export)\s+type\b/.test(match[0])
      found.push({ from: path, to: posix.join(posix.dirname(path), target), typeOnly })
    }
  }
  return found
}

const imports = sources().flatMap(({ path, text }) => importsOf(path, text))

function folderOf(path: string): string {
  const parts = path.split('/')
  return parts.length > 2 ? (parts[1] ?? '') : ''
}

function floorOf(path: string): number {
  const folder = folderOf(path)
  return folder === '' ? roof : (floors[folder] ?? -1)
}

test('every folder of src has its floor', () => {
  const homeless = sources().filter(({ path }) => floorOf(path) < 0)
  assert.deepEqual(
    homeless.map(({ path }) => path),
    [],
  )
})

test('imports go down, or stay on the same floor', () => {
  const upward = imports.filter(({ from, to }) => floorOf(to) > floorOf(from))
  assert.deepEqual(upward, [])
})

test('strangers on the same floor do not import each other', () => {
  const met = imports.filter(({ from, to }) => strangers.some(([a, b]) => folderOf(from) === a && folderOf(to) === b))
  assert.deepEqual(met, [])
})

test('the program imports no test and nothing outside src', () => {
  const outside = imports.filter(({ to }) => !to.startsWith('src/') || to.endsWith('.test.ts'))
  assert.deepEqual(outside, [])
})

// Types may know each other both ways within a floor, as an exchange and its steps do; what runs may not.
test('no file that runs imports itself by a detour', () => {
  const running = imports.filter(({ typeOnly }) => !typeOnly)
  const next = Map.groupBy(running, ({ from }) => from)
  const done = new Set<string>()
  const cycles: string[] = []

  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path)
    if (start >= 0) cycles.push([...trail.slice(start), path].join(' → '))
    if (start >= 0 || done.has(path)) return
    for (const { to } of next.get(path) ?? []) visit(to, [...trail, path])
    done.add(path)
  }
  for (const path of next.keys()) visit(path, [])

  assert.deepEqual(cycles, [])
})

test('a statement over several lines, a type, a re-export and a worker all count as imports', () => {
  const text = [
    "import {\n  a,\n  b,\n} from './a.ts'",
    "import type { T } from '../wire/t.ts'",
    "export * from './c.ts'",
    "import './d.ts'",
    "const e = await import('./e.ts')",
    "new Worker(new URL('./f.ts', import.meta.url))",
    "import fs from 'node:fs'",
  ].join('\n')
  assert.deepEqual(
    importsOf('src/gate/x.ts', text)
      .map(({ to }) => to)
      .sort(),
    ['src/gate/a.ts', 'src/gate/c.ts', 'src/gate/d.ts', 'src/gate/e.ts', 'src/gate/f.ts', 'src/wire/t.ts'],
  )
})
