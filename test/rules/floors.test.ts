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

/**
 * Folders within a floor: a folder may import those that come before it, and itself. `.` stands for the files directly in
 * the floor's folder.
 */
const levels: Readonly<Record<string, readonly string[]>> = {
  wire: ['http', 'http1'],
  cache: ['freshness', 'key', 'object', 'serve', 'purge'],
  pool: ['policy', '.'],
  net: ['transport', 'listen', 'http1', '.'],
  exchange: ['routing', 'answer', 'cache', '.'],
  watch: ['log', 'episodes', 'admin', '.'],
}

/** Files that the folders of their floor may import although they come later, each with its reason. */
const foundations: Readonly<Record<string, string>> = {
  'src/pool/hash-key.ts': 'the hash that a policy and its callers agree on',
  'src/wire/http1/connection.ts': 'fields that Connection names are of one hop, in whatever protocol they came',
  'src/net/origin-connection.ts': 'the seam between protocols and what uses them',
  'src/net/responder.ts': 'the seam between protocols and what uses them',
  'src/net/client-request.ts': 'the seam between protocols and what uses them',
  'src/net/request-handler.ts': 'the seam between protocols and what uses them',
  'src/net/connection-handlers.ts': 'a listener is given the choice of the protocol by its type',
  'src/exchange/attempt.ts': 'an attempt is handed to the cache',
  'src/exchange/context.ts': 'what the exchanges of a thread share',
  'src/exchange/deadlines.ts': 'part of what is seen of an exchange',
  'src/exchange/ending.ts': 'part of what is seen of an exchange',
  'src/exchange/generation.ts': 'what came from one configuration, and what is seen of an exchange',
  'src/exchange/hook-points.ts': 'responses come to rules wherever they are made',
  'src/exchange/occupants.ts': 'what lasts is noted wherever it goes on',
  'src/exchange/record.ts': 'what is told of an exchange',
  'src/exchange/server-counters.ts': 'a pool counts by server',
  'src/exchange/cache/route-cache.ts': 'a route has its cache',
}

function levelOf(path: string): number {
  const parts = path.split('/')
  const order = levels[parts[1] ?? '']
  return order === undefined ? 0 : order.indexOf(parts.length > 3 ? (parts[2] ?? '') : '.')
}

/** Imports from a folder into one that comes later on the same floor. */
const climbing = imports.filter(
  ({ from, to }) => folderOf(from) === folderOf(to) && levelOf(from) >= 0 && levelOf(to) > levelOf(from),
)

test('every folder within a floor has its level', () => {
  const homeless = sources().filter(({ path }) => levelOf(path) < 0)
  assert.deepEqual(
    homeless.map(({ path }) => path),
    [],
  )
})

test('within a floor imports go down as well, but for the foundations', () => {
  assert.deepEqual(
    climbing.filter(({ to }) => foundations[to] === undefined).map(({ from, to }) => `${from} → ${to}`),
    [],
  )
})

test('every foundation is still needed as one', () => {
  const used = new Set(climbing.map(({ to }) => to))
  assert.deepEqual(
    Object.keys(foundations).filter((path) => !used.has(path)),
    [],
  )
})

test('the cache does not know the exchange whose part it is', () => {
  const known = imports.filter(
    ({ from, to }) =>
      from.startsWith('src/exchange/cache/') && /\/(exchange|steps|stage|upload|download)\.ts$/.test(to),
  )
  assert.deepEqual(known, [])
})

test('the exchange and the cache know no protocol and no transport', () => {
  const known = imports.filter(
    ({ from, to }) => /^src\/(exchange|cache)\//.test(from) && /^src\/net\/(http1|http2|transport)\//.test(to),
  )
  assert.deepEqual(known, [])
})

/** Groups of files that import each other, each with its reason. Types count as well. */
const allowedCycles: readonly (readonly string[])[] = [
  // The table of steps and its runner: the rows are about an exchange, and the exchange goes by the table.
  ['src/exchange/exchange.ts', 'src/exchange/steps.ts'],
]

/** The largest groups of files of which each leads to each (Tarjan 1972). */
function cyclesOf(edges: readonly Import[]): string[][] {
  const next = Map.groupBy(edges, ({ from }) => from)
  const numbers = new Map<string, number>()
  const lowest = new Map<string, number>()
  const stack: string[] = []
  const groups: string[][] = []

  const visit = (path: string): number => {
    const number = numbers.size
    numbers.set(path, number)
    lowest.set(path, number)
    stack.push(path)
    for (const { to } of next.get(path) ?? []) {
      const reached = numbers.has(to) ? (stack.includes(to) ? (numbers.get(to) ?? number) : number) : visit(to)
      lowest.set(path, Math.min(lowest.get(path) ?? number, reached))
    }
    const low = lowest.get(path) ?? number
    if (low === number) {
      const group = stack.splice(stack.indexOf(path))
      if (group.length > 1) groups.push(group.sort())
    }
    return low
  }
  for (const path of next.keys()) if (!numbers.has(path)) visit(path)
  return groups
}

test('no file imports itself by a detour, types included', () => {
  assert.deepEqual(cyclesOf(imports), allowedCycles)
})

test('files that lead to each other are found as one group, whatever else they lead to', () => {
  const edges = ['a b', 'b c', 'c a', 'c d', 'd e', 'e d', 'f a'].map((pair) => {
    const [from = '', to = ''] = pair.split(' ')
    return { from, to, typeOnly: true }
  })
  assert.deepEqual(cyclesOf(edges), [
    ['d', 'e'],
    ['a', 'b', 'c'],
  ])
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
