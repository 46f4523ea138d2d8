/** The JSON Schema of the written form, for editors; and the way from a path of a setting to its part of the schema. */
import { z } from 'zod'
import type { Path } from './places.ts'
import { schema } from './schema/index.ts'

/** A part of a JSON Schema, as far as it is used here. */
export interface SchemaNode {
  readonly title?: string
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>
  readonly propertyNames?: SchemaNode
  readonly required?: readonly string[]
  readonly additionalProperties?: SchemaNode | boolean
  readonly items?: SchemaNode
  readonly anyOf?: readonly SchemaNode[]
}

let made: SchemaNode | undefined

/** The JSON Schema (draft 2020-12) of what users write. Made once; do not change it. */
export function jsonSchema(): SchemaNode {
  // What is read by own readers cannot be represented by itself: each brings its JSON Schema as metadata.
  made ??= {
    title: 'Headgate configuration',
    ...z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', target: 'draft-2020-12' }),
    // Blocks that are shared by anchors, as Compose has them; see native.ts.
    patternProperties: { '^x-': {} },
  } as SchemaNode
  return made
}

/** The parts of the schema that a path may lead to: several where a setting has several forms, none for an unknown one. */
export function nodesAt(path: Path): readonly SchemaNode[] {
  let nodes = forms([jsonSchema()])
  for (const step of path) nodes = forms(nodes.flatMap((node) => below(node, step)))
  return nodes
}

/** The keys that an object at this path may have. */
export function keysAt(path: Path): string[] {
  return [...new Set(nodesAt(path).flatMap((node) => Object.keys(node.properties ?? {})))]
}

/** Paths of all settings that are called `key`, names shown as `<name>`: `pools.<name>.queue`. */
export function pathsOf(key: string): string[] {
  const found: string[] = []
  const visit = (node: SchemaNode, path: string): void => {
    for (const form of forms([node])) {
      for (const [name, child] of Object.entries(form.properties ?? {})) {
        const at = path === '' ? name : `${path}.${name}`
        if (name === key && !found.includes(at)) found.push(at)
        visit(child, at)
      }
      if (typeof form.additionalProperties === 'object') visit(form.additionalProperties, `${path}.<name>`)
      if (form.items !== undefined) visit(form.items, `${path}[]`)
    }
  }
  visit(jsonSchema(), '')
  return found
}

/** The nodes with their alternatives laid side by side. */
export function forms(nodes: readonly SchemaNode[]): SchemaNode[] {
  return nodes.flatMap((node) => (node.anyOf === undefined ? [node] : forms(node.anyOf)))
}

function below(node: SchemaNode, step: string | number): SchemaNode[] {
  if (typeof step === 'number') return node.items === undefined ? [] : [node.items]
  const property =
    node.properties !== undefined && Object.hasOwn(node.properties, step) ? node.properties[step] : undefined
  if (property !== undefined) return [property]
  return typeof node.additionalProperties === 'object' ? [node.additionalProperties] : []
}
