/** An import that failed: where it stands, and what would have worked. */
import { existsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Token } from './tokens.ts'
import { tokensOf } from './tokens.ts'

/** Offset of `specifier` in the text of the module that imports it; null when it is not written there. */
export function importAt(text: string, specifier: string): number | null {
  const tokens = tokensOf(text)
  const found = tokens.find((token, i) => token.kind === 'string' && token.text === specifier && isImport(tokens, i))
  return found?.at ?? null
}

/** Whether the string at `i` names a module: `from '…'`, `import '…'`, `import('…')`, `require('…')`. */
function isImport(tokens: readonly Token[], i: number): boolean {
  const before = tokens[i - 1]
  if (before === undefined) return false
  const word = before.text === '(' ? tokens[i - 2] : before
  return word?.kind === 'word' && /^(from|import|require)$/.test(word.text)
}

/** What to do about an import that `importer`, an absolute path, cannot have. `code` is that of the system's error. */
export function importFix(specifier: string, importer: string, code: string): string {
  if (/^headgate\//.test(specifier)) return "write 'headgate/config'"
  if (code === 'ERR_IMPORT_ATTRIBUTE_MISSING') return `write: import … from '${specifier}' with { type: 'json' }`
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION')
    return 'import TypeScript, JavaScript or JSON; read other files with readFileSync'
  if (code === 'ERR_UNKNOWN_BUILTIN_MODULE') return 'correct the name'
  if (!/^\.{0,2}\//.test(specifier)) {
    const name = /^(?:@[^/]+\/)?[^/#]+/.exec(specifier)?.[0]
    return name === undefined
      ? 'correct the import'
      : `correct the name, or install it beside this file: npm install ${name}`
  }
  const near = nearest(specifier, dirname(importer))
  return near === null ? 'correct the path; it is relative to the file that imports it' : `write '${near}'`
}

/** Endings that other tools add to an import by themselves. */
const endings = ['.ts', '.mts', '.js', '.mjs', '.json', '/index.ts', '/index.js']

function nearest(specifier: string, folder: string): string | null {
  const bare = specifier.replace(/\/$/, '')
  const candidates = [...endings.map((end) => bare + end), bare.replace(/\.js$/, '.ts'), bare.replace(/\.mjs$/, '.mts')]
  return candidates.find((one) => one !== specifier && isFile(resolve(folder, one))) ?? null
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile()
}
