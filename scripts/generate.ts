/**
 * Writes what is made from the code: the reference of the settings, the list of causes, the JSON Schema, and the parts of
 * other pages that stand between marks.
 * `--check` writes nothing and fails when one of them is out of date.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { reasonsTable } from '../src/cache/object/reasons.ts'
import { jsonSchema } from '../src/config/json-schema.ts'
import { configurationReference } from '../src/config/reference.ts'
import { writtenTypes } from '../src/config/types.ts'
import { causesReference } from '../src/watch/causes-doc.ts'

const root = new URL('../', import.meta.url)

/** The generated pages: path from the root of the repository, and the text they should have now. */
export function generatedPages(): ReadonlyMap<string, string> {
  return new Map([
    ['docs/configuration.md', configurationReference()],
    ['docs/causes.md', causesReference()],
    ['src/config/written.ts', writtenTypes()],
    ['docs/headgate.schema.json', `${JSON.stringify(jsonSchema(), null, 2)}\n`],
    ['docs/cache.md', withPart('docs/cache.md', 'reasons', reasonsTable())],
  ])
}

/** A page that is written by hand but for the part that stands between the marks of `name`. */
function withPart(path: string, name: string, part: string): string {
  const text = read(new URL(path, root)) ?? ''
  const begin = `<!-- ${name}: written by \`npm run generate\`; changes here are lost -->\n`
  const end = `<!-- end of ${name} -->`
  const from = text.indexOf(begin)
  const to = text.indexOf(end, from)
  if (from < 0 || to < 0) throw new Error(`${path} has no marks for what is generated:\n${begin}${end}`)
  return `${text.slice(0, from + begin.length)}\n${part}\n\n${text.slice(to)}`
}

function generate(check: boolean): number {
  let stale = 0
  for (const [path, text] of generatedPages()) {
    if (read(new URL(path, root)) === text) continue
    stale++
    if (check) process.stderr.write(`${path} is out of date. Run: npm run generate\n`)
    else {
      writeFileSync(new URL(path, root), text)
      process.stderr.write(`wrote ${path}\n`)
    }
  }
  return check && stale > 0 ? 1 : 0
}

function read(file: URL): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

if (import.meta.main) process.exitCode = generate(process.argv.includes('--check'))
