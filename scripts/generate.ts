/**
 * Writes the pages that are made from the code: the reference of the settings, the list of causes, the JSON Schema.
 * `--check` writes nothing and fails when one of them is out of date.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { jsonSchema } from '../src/config/json-schema.ts'
import { configurationReference } from '../src/config/reference.ts'
import { writtenTypes } from '../src/config/types.ts'
import { causesReference } from '../src/watch/causes-doc.ts'

/** The generated pages: path from the root of the repository, and the text they should have now. */
export function generatedPages(): ReadonlyMap<string, string> {
  return new Map([
    ['docs/configuration.md', configurationReference()],
    ['docs/causes.md', causesReference()],
    ['src/config/written.ts', writtenTypes()],
    ['docs/headgate.schema.json', `${JSON.stringify(jsonSchema(), null, 2)}\n`],
  ])
}

function generate(check: boolean): number {
  const root = new URL('../', import.meta.url)
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
