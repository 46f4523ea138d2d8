import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { SchemaNode } from './json-schema.ts'
import { forms, jsonSchema, keysAt, nodesAt, pathsOf } from './json-schema.ts'
import { configurationReference } from './reference.ts'
import { ruleNames } from './rules.ts'
import { schema } from './schema/index.ts'
import { writtenTypes } from './types.ts'

/** Every node of the schema with its path. */
function everyNode(): [string, SchemaNode][] {
  const all: [string, SchemaNode][] = []
  const visit = (node: SchemaNode, path: string): void => {
    all.push([path, node])
    for (const [key, child] of Object.entries(node.properties ?? {})) visit(child, `${path}.${key}`)
    for (const form of node.anyOf ?? []) visit(form, path)
    if (node.items !== undefined) visit(node.items, `${path}[]`)
    if (typeof node.additionalProperties === 'object') visit(node.additionalProperties, `${path}.*`)
  }
  visit(jsonSchema(), '')
  return all
}

/** As much of JSON Schema as ours uses; enough to see whether an editor would take a document. */
function takes(node: SchemaNode, value: unknown): boolean {
  if (node.anyOf !== undefined && !node.anyOf.some((form) => takes(form, value))) return false
  if (node.const !== undefined && node.const !== value) return false
  if (node.enum !== undefined && !node.enum.includes(value)) return false
  if (node.type === 'object') {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
    const object = value as Record<string, unknown>
    if (node.required?.some((key) => !Object.hasOwn(object, key))) return false
    return Object.entries(object).every(([key, child]) => {
      if (node.propertyNames !== undefined && !takes(node.propertyNames, key)) return false
      const property = node.properties?.[key]
      if (property !== undefined) return takes(property, child)
      for (const [pattern, shared] of Object.entries(node.patternProperties ?? {}))
        if (new RegExp(pattern).test(key)) return takes(shared, child)
      return typeof node.additionalProperties === 'object' && takes(node.additionalProperties, child)
    })
  }
  if (node.type === 'array') return Array.isArray(value) && value.every((item) => takes(node.items ?? {}, item))
  if (node.type === 'string')
    return typeof value === 'string' && (node.pattern === undefined || new RegExp(node.pattern).test(value))
  if (node.type === 'boolean') return typeof value === 'boolean'
  if (node.type === 'integer' || node.type === 'number') {
    if (typeof value !== 'number' || (node.type === 'integer' && !Number.isInteger(value))) return false
    return value >= (node.minimum ?? -Infinity) && value <= (node.maximum ?? Infinity)
  }
  return true
}

test('the JSON Schema is of draft 2020-12 and can be written as JSON', () => {
  const text = JSON.stringify(jsonSchema())
  assert.deepEqual(JSON.parse(text), jsonSchema())
  assert.equal((JSON.parse(text) as { $schema: string }).$schema, 'https://json-schema.org/draft/2020-12/schema')
})

test('every setting says what it means, and no object takes unknown keys', () => {
  for (const [path, node] of everyNode()) {
    for (const [key, child] of Object.entries(node.properties ?? {})) {
      assert.ok((child.description ?? '').length > 15, `${path}.${key} says nothing`)
      assert.match(child.description ?? '', /[.:]$/, `${path}.${key} has no sentence`)
    }
    if (node.properties !== undefined) assert.equal(node.additionalProperties, false, path)
  }
})

test('every part of the schema is of a kind that an editor can check', () => {
  for (const [path, node] of everyNode()) {
    const kinds = [node.type, node.anyOf, node.enum, node.const].filter((kind) => kind !== undefined)
    assert.ok(kinds.length > 0, `${path} takes anything`)
    for (const { pattern } of forms([node])) if (pattern !== undefined) assert.ok(new RegExp(pattern))
  }
})

test('every default is one that may be written, and what is read without it is the same as with it', () => {
  for (const [path, node] of everyNode()) {
    if (node.default !== undefined) assert.ok(takes(node, node.default), `${path}: ${JSON.stringify(node.default)}`)
  }
})

test('an editor and the program take and refuse the same', () => {
  const base = { listeners: { web: { bind: ':80' } }, pools: { a: { servers: ['b'] } } }
  const pool = (more: object): unknown => ({ ...base, pools: { a: { servers: ['b'], ...more } } })
  const good = [
    base,
    pool({ queue: { max: 5, timeout: '2s' }, balance: { hash: { cookie: 'c' }, bound: 1.5 }, sticky: 's' }),
    pool({ timeouts: { total: 0, connect: '1.5s' }, limits: { head: 8192, line: '8KiB' }, health: { tcp: true } }),
    { ...base, routes: [{ to: 'a', host: ['x.example'], upgrade: ['websocket'], maxConnections: 'unlimited' }] },
    { ...base, accessLog: false, errorPages: {}, $schema: 'x' },
    { ...base, listeners: { web: { bind: [':80', 81], whenFull: { max: 1 } } } },
  ]
  const bad = [
    {},
    { ...base, queue: {} },
    pool({ queue: { max: '5' } }),
    pool({ timeouts: { connect: 2000 } }),
    pool({ timeouts: { connect: '2 s' } }),
    pool({ limits: { head: '8k' } }),
    pool({ balance: 'leastconn' }),
    pool({ balance: { hash: { header: 'x', cookie: 'y' } } }),
    pool({ retries: -1 }),
    { ...base, routes: [{ to: 'a', path: 'x' }] },
    { ...base, errorPages: { teapot: 'x.html' } },
    { ...base, ignore: ['syntax'] },
  ]
  for (const written of good) {
    assert.ok(takes(jsonSchema(), written), JSON.stringify(written))
    assert.ok(schema.safeParse(written).success, JSON.stringify(written))
  }
  for (const written of bad) {
    assert.ok(!takes(jsonSchema(), written), JSON.stringify(written))
    assert.ok(!schema.safeParse(written).success, JSON.stringify(written))
  }
})

test('a path leads to its part of the schema, through names, lists and forms', () => {
  assert.deepEqual(keysAt(['pools', 'x', 'servers', 3]), ['address', 'maxConnections', 'weight', 'backup'])
  assert.deepEqual(keysAt(['pools', 'x', 'balance', 'hash']), ['header', 'cookie'])
  assert.deepEqual(nodesAt(['nowhere', 'at all']), [])
  assert.deepEqual(pathsOf('fall'), ['pools.<name>.health.fall'])
})

test('the reference has every setting and every rule', () => {
  const text = configurationReference()
  for (const rule of ruleNames) assert.ok(text.includes(`\`${rule}\``), rule)
  for (const [, node] of everyNode()) {
    for (const child of Object.values(node.properties ?? {})) {
      assert.ok(text.includes((child.description ?? '').replaceAll('|', '\\|')), child.description ?? '')
    }
  }
  for (const line of text.split('\n')) if (line.startsWith('|')) assert.match(line, /\|$/)
})

test('the reference shows every form of a setting, and what holds where a switch is not written', () => {
  const rows = configurationReference().split('\n')
  const row = (setting: string): string => rows.find((line) => line.startsWith(`| \`${setting}\` |`)) ?? ''
  assert.match(row('ttl'), /^\| `ttl` \| duration or object by status \| {2}\|/)
  assert.match(row('grace'), /^\| `grace` \| duration \| `'0s'` \|/)
  assert.match(row('maxObject'), /^\| `maxObject` \| size \|/)
  assert.match(row('coalesce'), /^\| `coalesce` \| `true` or `false` or object \| `true` \|/)
})

test('the types of the written form are those of the schema', () => {
  const file = new URL('./written.ts', import.meta.url)
  assert.equal(
    readFileSync(file, 'utf8'),
    writtenTypes(),
    'out of date; run: node src/config/types.ts > src/config/written.ts',
  )
})
