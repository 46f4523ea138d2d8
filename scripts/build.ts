/** Compiles the sources into dist/ as they are published: JavaScript, types, maps with the sources in them, schema. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { jsonSchema } from '../src/config/json-schema.ts'

const root = new URL('../', import.meta.url)
const dist = new URL('dist/', root)

rmSync(dist, { recursive: true, force: true })
const tsc = fileURLToPath(new URL('node_modules/typescript/bin/tsc', root))
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' })

// tsc rewrites the endings of imports, and leaves `new URL('./worker.ts', import.meta.url)` as it is.
for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
  if (!name.endsWith('.js')) continue
  const file = new URL(name, dist)
  const text = readFileSync(file, 'utf8')
  const rewritten = text.replace(/(new URL\((['"])\.[^'"]*)\.ts\2(, import\.meta\.url\))/g, '$1.js$2$3')
  if (rewritten !== text) writeFileSync(file, rewritten)
}

mkdirSync(new URL('config/', dist), { recursive: true })
writeFileSync(new URL('config/schema.json', dist), `${JSON.stringify(jsonSchema(), null, 2)}\n`)
