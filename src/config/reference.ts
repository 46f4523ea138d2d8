/** The reference of all settings as Markdown, made from the schema: what the code reads is what the page says. */
import { templateFields } from '../base/log-fields.ts'
import { pagePlaceholders } from '../base/page-fields.ts'
import { aboutCompression } from './about-compression.ts'
import type { SchemaNode } from './json-schema.ts'
import { forms, jsonSchema } from './json-schema.ts'
import { either } from './refusal.ts'
import { rules } from './rules.ts'

/** Objects that get a section of their own, in the order of the page. */
const sections: readonly (readonly [path: string, title: string])[] = [
  ['', 'The whole file'],
  ['listeners.<name>', 'Listeners'],
  ['pools.<name>', 'Pools'],
  ['pools.<name>.servers[]', 'Servers'],
  ['pools.<name>.health', 'Health checks'],
  ['routes[]', 'Routes'],
  ['routes[].cache', 'Caching'],
  ['cache', 'The store of the cache'],
  ['admin', 'The admin API'],
]

/** The text of docs/configuration.md. */
export function configurationReference(): string {
  const objects = objectsByPath()
  const parts = [
    intro,
    ...sections.map(([path, title]) => section(title, path, objects)),
    aboutCompression,
    fieldTable(
      'Fields of an access-log template',
      '`accessLog.format.template` may name these as `%{name}`; `%%` is a percent sign.',
      templateFields,
    ),
    fieldTable(
      'Fields of an error page',
      'The files of `errorPages` may name these as `{{name}}`; each is escaped for HTML.',
      pagePlaceholders,
    ),
    findings(),
  ]
  return `${parts.join('\n\n')}\n`
}

const intro = `# Configuration

<!-- Made from the schema by "npm run generate"; edit src/config/schema/ instead. -->

Headgate reads one file: \`headgate.config.ts\` (or \`.mts\`, \`.js\`, \`.mjs\`), \`headgate.yaml\` (\`.yml\`) or
\`headgate.json\`. Without a name on the command line it takes the first of these in the current folder, then in
\`/etc/headgate/\`. All of them hold the same settings:

\`\`\`ts
import { defineConfig } from 'headgate/config'

export default defineConfig({
  listeners: { web: { bind: ':8080' } },
  pools: {
    shop: {
      servers: [
        { address: '10.0.0.1:80', maxConnections: 500 },
        { address: '10.0.0.2:80', maxConnections: 500 },
      ],
      queue: { max: 200, timeout: '2s' },
    },
  },
})
\`\`\`

\`headgate check\` looks the file over without starting anything, \`headgate init\` writes one to begin with.

- **Durations** are texts with a unit: \`'500ms'\`, \`'2s'\`, \`'5m'\`, \`'1h30m'\`, \`'7d'\`. A bare number is refused, as
  HAProxy would read it as milliseconds and nginx as seconds.
- **Sizes** are texts with a unit, or a number of bytes: \`'64KB'\` are 64,000 bytes, \`'64KiB'\` are 65,536.
- **Limits** are whole numbers from 1, or \`'unlimited'\`. They hold exactly, over all threads together.
- **YAML and JSON** may refer to environment variables: \`\${PORT}\`, or \`\${PORT:-8080}\` with a default; \`$\${\` stands
  for \`\${\`. A configuration in TypeScript may be a function and gets them: \`defineConfig(({ env }) => ({ … }))\`.
- **Shared blocks** stand at the top under keys that begin with \`x-\`, as in Compose, and are used by anchors and merge
  keys: \`x-small: &small { maxConnections: 50 }\`, then \`servers: [{ address: 10.0.0.1, <<: *small }]\`. What is written
  beside \`<<\` comes before what is merged.
- **Switches** are \`true\` and \`false\`. Words such as \`off\`, \`no\` and \`yes\` are texts in YAML 1.2; \`headgate check\`
  says what to write instead. A file that is called so is written \`./off\`.
- **Editors** complete and check YAML and JSON by the JSON Schema in the package, \`headgate/schema.json\`: as
  \`# yaml-language-server: $schema=node_modules/headgate/dist/config/schema.json\` in the first line of YAML, as
  \`"$schema"\` in JSON.`

function section(title: string, path: string, objects: ReadonlyMap<string, SchemaNode>): string {
  const own = sections.map(([other]) => other)
  const rows: string[] = []
  const add = (node: SchemaNode, prefix: string, at: string): void => {
    for (const [key, child] of Object.entries(node.properties ?? {})) {
      const where = at === '' ? key : `${at}.${key}`
      const shown = prefix === '' ? key : `${prefix}.${key}`
      const required = node.required?.includes(key) ?? false
      rows.push(
        `| \`${shown}\` | ${typeText(child)} | ${defaultText(child, required, prefix)} | ${cell(child.description ?? '')} |`,
      )
      if (own.includes(where) || own.includes(`${where}.<name>`) || own.includes(`${where}[]`)) continue
      for (const form of forms([child])) add(form, shown, where)
    }
  }
  const node = objects.get(path)
  if (node === undefined) throw new Error(`the schema has nothing at ${path}`)
  add(node, '', path)
  const head = path === '' ? '' : `\n\n\`${path}\``
  return `## ${title}${head}\n\n| Setting | Type | Default | Meaning |\n|---|---|---|---|\n${rows.join('\n')}`
}

function objectsByPath(): Map<string, SchemaNode> {
  const objects = new Map<string, SchemaNode>()
  const visit = (node: SchemaNode, path: string): void => {
    for (const form of forms([node])) {
      if (form.properties !== undefined && !objects.has(path)) objects.set(path, form)
      for (const [key, child] of Object.entries(form.properties ?? {}))
        visit(child, path === '' ? key : `${path}.${key}`)
      if (typeof form.additionalProperties === 'object') visit(form.additionalProperties, `${path}.<name>`)
      if (form.items !== undefined) visit(form.items, `${path}[]`)
    }
  }
  visit(jsonSchema(), '')
  return objects
}

function typeText(node: SchemaNode): string {
  const all = forms([node]).filter(({ pattern }) => pattern !== String.raw`\$\{.+\}`)
  const single = [...new Set(all.filter(({ type }) => type !== 'array').map(formText))]
  const lists = all.filter(({ type }) => type === 'array').map(({ items }) => typeText(items ?? {}))
  // 0 has a meaning that the sentence of the setting tells; a size may be a number of bytes.
  const zero = single.includes('duration') ? code(0) : single.includes('size') ? 'number' : null
  const shown = single.filter((form) => form !== zero)
  const text = either(shown)
  if (lists.length === 0) return text
  return text === lists[0] ? `${text}; or a list` : either([...shown, ...lists.map((item) => `list of ${item}`)])
}

function formText(node: SchemaNode): string {
  if (node.const !== undefined) return code(node.const)
  if (node.enum !== undefined) return node.enum.length > 10 ? 'text' : either(node.enum.map(code))
  if (node.title !== undefined) return node.title
  if (node.type === 'object') return typeof node.additionalProperties === 'object' ? 'object by name' : 'object'
  if (node.type === 'integer' || node.type === 'number') return 'number'
  if (node.type === 'boolean') return '`true` or `false`'
  if (node.pattern?.includes('(d|h|m(?!s)|s|ms)')) return 'duration'
  return node.pattern?.includes('[KMGT]iB') ? 'size' : 'text'
}

function defaultText(node: SchemaNode, required: boolean, around: string): string {
  if (required) return around === '' ? '**required**' : `**required** in \`${around}\``
  if (node.default === undefined) return ''
  if (Array.isArray(node.default)) return node.default.length === 0 ? '`[]`' : node.default.map(code).join(', ')
  return typeof node.default === 'object' ? '' : code(node.default)
}

function code(value: unknown): string {
  return typeof value === 'string' ? `\`'${value}'\`` : `\`${String(value)}\``
}

/** Text that stays within its cell. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

function fieldTable(title: string, about: string, fields: Readonly<Record<string, string>>): string {
  const rows = Object.entries(fields).map(([name, meaning]) => `| \`${name}\` | ${cell(meaning)} |`)
  return `## ${title}\n\n${about}\n\n| Field | Meaning |\n|---|---|\n${rows.join('\n')}`
}

function findings(): string {
  const rows = Object.entries(rules).map(([id, { severity, about }]) => `| \`${id}\` | ${severity} | ${cell(about)} |`)
  return `## What headgate check reports

An **error** keeps the configuration from being used. A **warning** is a contradiction that will be felt under load; where
it is meant, \`ignore\` leaves it out. An **info** is worth knowing. \`headgate check\` ends with 2, 1 and 0.

| Rule | Severity | Meaning |
|---|---|---|
${rows.join('\n')}`
}
