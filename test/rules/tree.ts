/** The text files of the repository, for the rules that read them. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export interface TextFile {
  /** Path from the root of the repository, with slashes. */
  readonly path: string
  readonly text: string
}

const root = new URL('../../', import.meta.url)
const notOurs = new Set(['.git', 'node_modules', 'dist'])
const text = /(\.(ts|js|json|md|ya?ml|txt|html|conf|sh)|(^|\/)(\.?[a-zA-Z]+|run))$/

/** Every text file that is part of the repository, in the order of its paths. */
export function repository(): TextFile[] {
  const files: TextFile[] = []
  walk('', files)
  return files.sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** The program: everything under src that is no test. */
export function sources(): TextFile[] {
  return repository().filter(({ path }) => /^src\/.*\.ts$/.test(path) && !path.endsWith('.test.ts'))
}

/** All tests, beside the sources and under test. */
export function tests(): TextFile[] {
  return repository().filter(({ path }) => path.endsWith('.test.ts'))
}

function walk(folder: string, files: TextFile[]): void {
  for (const entry of readdirSync(new URL(folder, root), { withFileTypes: true })) {
    if (notOurs.has(entry.name)) continue
    const path = folder + entry.name
    if (entry.isDirectory()) walk(`${path}/`, files)
    else if (text.test(path)) files.push({ path, text: readFileSync(fileURLToPath(new URL(path, root)), 'utf8') })
  }
}
