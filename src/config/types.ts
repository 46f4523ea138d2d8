/** Writes written.ts, the types of the written form, from the JSON Schema: so that editors show what each setting means. */
import type { SchemaNode } from './json-schema.ts'
import { forms, jsonSchema } from './json-schema.ts'

/** Objects that get a name of their own; all others are written out where they are used. */
const named: Readonly<Record<string, string>> = {
  'listeners.*': 'WrittenListener',
  'pools.*': 'WrittenPool',
  'pools.*.servers[]': 'WrittenServer',
  'pools.*.health': 'WrittenHealth',
  'routes[]': 'WrittenRoute',
  'routes[].cache': 'WrittenRouteCache',
  cache: 'WrittenCache',
  admin: 'WrittenAdmin',
}

/** The text of written.ts. */
export function writtenTypes(): string {
  const parts = new Map<string, string>()
  const main = objectType(jsonSchema(), '', '', parts)
  const interfaces = [...parts].map(([name, body]) => `export interface ${name} ${body}\n`)
  return `/**
 * The written form of a configuration. Made from the schema by types.ts; do not edit it, run: npm run generate
 */
// biome-ignore-all format: it is made by a program
import type { Cause } from '../base/cause.ts'

/** A duration: '500ms', '2s', '5m', '1h30m'; 0 has the meaning that each setting says. */
export type Duration = string | 0

/** A size: '64KB' (powers of 1000), '64KiB' (powers of 1024), or a number of bytes. */
export type Size = string | number

/** A whole configuration. */
export interface WrittenConfig ${main}

${interfaces.join('\n')}`
}

function typeOf(node: SchemaNode, path: string, indent: string, parts: Map<string, string>): string {
  const types = forms([node])
    .filter(({ pattern }) => pattern !== String.raw`\$\{.+\}`)
    .map((form) => formType(form, path, indent, parts))
  const all = [...new Set(types)]
  if (all.includes('Size')) return 'Size'
  // Both hold the 0 that has a meaning of its own.
  const zero = all.includes('Duration') || all.includes('number')
  return all.filter((type) => !zero || type !== '0').join(' | ')
}

function formType(node: SchemaNode, path: string, indent: string, parts: Map<string, string>): string {
  if (node.const !== undefined) return literal(node.const)
  if (node.enum !== undefined) return node.enum.map(literal).join(' | ')
  switch (node.type) {
    case 'array': {
      const item = typeOf(node.items ?? {}, `${path}[]`, indent, parts)
      return `readonly ${/[ |{]/.test(item) ? `(${item})` : item}[]`
    }
    case 'object':
      return namedOrInline(node, path, indent, parts)
    case 'integer':
      return 'number'
    case 'string':
      if (node.pattern?.includes('(d|h|m(?!s)|s|ms)')) return 'Duration'
      return node.pattern?.includes('[KMGT]iB') ? 'Size' : 'string'
    default:
      return node.type ?? 'unknown'
  }
}

function namedOrInline(node: SchemaNode, path: string, indent: string, parts: Map<string, string>): string {
  if (typeof node.additionalProperties === 'object') {
    const value = typeOf(node.additionalProperties, `${path}.*`, indent, parts)
    // Error pages: their keys are causes and statuses, and the table of causes is the one place to list those.
    const keys = node.propertyNames?.enum === undefined ? 'string' : `Cause | 'default' | \`\${number}\``
    return keys === 'string' ? `Readonly<Record<string, ${value}>>` : `Readonly<Partial<Record<${keys}, ${value}>>>`
  }
  const name = named[path]
  if (name === undefined) return objectType(node, path, indent, parts)
  // Taken before it is filled, so that the parts come in the order in which they are met.
  parts.set(name, '')
  parts.set(name, objectType(node, path, '', parts))
  return name
}

function objectType(node: SchemaNode, path: string, indent: string, parts: Map<string, string>): string {
  const inner = `${indent}  `
  const lines = Object.entries(node.properties ?? {}).map(([key, child]) => {
    const at = path === '' ? key : `${path}.${key}`
    const optional = node.required?.includes(key) ? '' : '?'
    const type = typeOf(child, at, inner, parts)
    const shown = isPlain(child.default) ? ` Default: \`${literal(child.default)}\`.` : ''
    const comment = child.description === undefined ? '' : `${inner}/** ${child.description}${shown} */\n`
    return `${comment}${inner}readonly ${/^[A-Za-z_$][\w$]*$/.test(key) ? key : literal(key)}${optional}: ${type}${optional && ' | undefined'}\n`
  })
  const shared = Object.keys(node.patternProperties ?? {}).map(
    () =>
      `${inner}/** Blocks that are used elsewhere in the file; not read by themselves. */\n${inner}readonly [shared: \`x-\${string}\`]: unknown\n`,
  )
  return `{\n${lines.join('')}${shared.join('')}${indent}}`
}

function isPlain(value: unknown): boolean {
  return ['string', 'number', 'boolean'].includes(typeof value)
}

function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value.replaceAll("'", "\\'")}'` : String(value)
}

if (import.meta.main) process.stdout.write(writtenTypes())
