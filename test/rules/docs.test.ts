/** The pages are true where a machine can tell: links lead somewhere, generated pages are those of this code. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { test } from 'node:test'
import { generatedPages } from '../../scripts/generate.ts'
import { repository } from './tree.ts'

const root = new URL('../../', import.meta.url)
const pages = repository().filter(({ path }) => path.endsWith('.md'))

/** The anchors that a page's headings have: lower case, without punctuation, with hyphens for spaces. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>()
  for (const match of withoutCode(text).matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const words = (match[1] ?? '').replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    anchors.add(words.replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-'))
  }
  for (const match of text.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(match[1] ?? '')
  return anchors
}

function withoutCode(text: string): string {
  return text.replace(/^(```|~~~)[\s\S]*?^\1/gm, '')
}

function linksOf(text: string): string[] {
  const prose = withoutCode(text).replace(/`[^`\n]*`/g, '')
  return [...prose.matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g)].map((match) => match[1] ?? '')
}

function isBroken(from: string, link: string): boolean {
  if (/^[a-z]+:/.test(link)) return false
  const [file = '', anchor = ''] = link.split('#')
  const target = file === '' ? from : posix.join(posix.dirname(from), decodeURIComponent(file))
  if (!existsSync(new URL(target, root))) return true
  if (anchor === '' || !target.endsWith('.md')) return false
  return !anchorsOf(readFileSync(new URL(target, root), 'utf8')).has(anchor)
}

test('every link in the pages leads to a file and to a heading that exist', () => {
  const broken = pages.flatMap(({ path, text }) =>
    linksOf(text)
      .filter((link) => isBroken(path, link))
      .map((link) => `${path}: ${link}`),
  )
  assert.deepEqual(broken, [])
})

test('every page under docs is in the index of the README', () => {
  const { text } = pages.find(({ path }) => path === 'README.md') ?? { text: '' }
  const linked = new Set(linksOf(text).map((link) => link.split('#')[0]))
  const lost = pages.filter(({ path }) => path.startsWith('docs/') && !linked.has(path))
  assert.deepEqual(
    lost.map(({ path }) => path),
    [],
  )
})

for (const [path, text] of generatedPages()) {
  test(`the page ${path} is the one this code generates`, () => {
    const file = new URL(path, root)
    assert.ok(existsSync(file) && readFileSync(file, 'utf8') === text, 'out of date; run: npm run generate')
  })
}

const architecture = pages.find(({ path }) => path === 'docs/architecture.md')?.text ?? ''

test('every source file that the architecture page names exists', () => {
  const named = [...architecture.matchAll(/`([a-z][\w./-]*\.ts)`/g)].map((match) => match[1] ?? '')
  assert.ok(named.length > 50)
  assert.deepEqual(
    named.filter((path) => !existsSync(new URL(`src/${path}`, root))),
    [],
  )
})

test('the ways of a request in the architecture page go forward only: no file comes twice in one of them', () => {
  const ways = architecture
    .split(/^### /m)
    .map((section) => [...section.matchAll(/^\d+\. `([^`]+)`/gm)].map((m) => m[1]))
  const lists = ways.filter((files) => files.length > 0)
  assert.equal(lists.length, 4)
  for (const files of lists) assert.deepEqual([...new Set(files)], files)
})
