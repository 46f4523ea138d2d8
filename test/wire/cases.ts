/**
 * Reads the Markdown cases. A case is a level-2 heading and two fenced blocks.
 *
 * The first block's info string is `request` or `response`, with words behind it: `to=METHOD` (a response's request),
 * `line=`, `head=`, `fields=`, `body=` (limits); in forwarding cases also `peer=`, `proto=`, `trusted`, `forwarded`,
 * `no-x`. Line breaks in it mean nothing; what is sent is written out: `\r`, `\n`, `\t`, `\\`, `\xHH`, and `\(ab*3)` for `ababab`.
 *
 * The second block is `expect`, lines `word: value`, each of which has to be true of the outcome (see read.ts; a list
 * word such as `field` or `trailer` names one element; `-` stands for nothing), with the same escapes;
 * or `sent`, the exact bytes of a forwarded head, written like the first block.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { type Reading, usual } from './read.ts'

export interface Case {
  readonly file: string
  readonly name: string
  readonly bytes: Buffer
  readonly words: ReadonlyMap<string, string>
  readonly reading: Reading
  /** `expect`: the lines as pairs. */
  readonly expect: readonly (readonly [string, string])[]
  /** `sent`: the bytes as latin1 text, or null. */
  readonly sent: string | null
}

/** All cases of the Markdown files in this folder. */
export function allCases(): Case[] {
  const folder = new URL('.', import.meta.url)
  const files = readdirSync(folder).filter((file) => file.endsWith('.md'))
  return files.sort().flatMap((file) => casesIn(file, readFileSync(new URL(file, folder), 'utf8')))
}

function casesIn(file: string, text: string): Case[] {
  return text
    .split(/^## /m)
    .slice(1)
    .map((part) => caseIn(file, part))
}

function caseIn(file: string, part: string): Case {
  const name = part.slice(0, part.indexOf('\n')).trim()
  const blocks = [...part.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    info: match[1]!.split(' '),
    text: match[2]!,
  }))
  const [message, result] = blocks
  const side = message?.info[0]
  if (
    blocks.length !== 2 ||
    message === undefined ||
    result === undefined ||
    (side !== 'request' && side !== 'response')
  ) {
    throw new Error(`${file}: case "${name}" needs a request or response block and a result block`)
  }
  const words = new Map(message.info.slice(1).map((word): [string, string] => pair(word, '=')))
  const number = (word: string, otherwise: number) => Number(words.get(word) ?? otherwise)
  const limits = {
    line: number('line', usual.line),
    head: number('head', usual.head),
    fields: number('fields', usual.fields),
  }
  const forwarded = result.info[0] === 'sent'
  return {
    file,
    name,
    words,
    bytes: Buffer.from(unescaped(message.text), 'latin1'),
    reading: { side, method: words.get('to') ?? 'GET', limits, maxBody: number('body', 0) },
    expect: forwarded
      ? []
      : result.text
          .split('\n')
          .filter(Boolean)
          .map((line) => pair(line, ': ')),
    sent: forwarded ? unescaped(result.text) : null,
  }
}

function pair(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), unescaped(text.slice(at + separator.length))]
}

const plain: { [letter: string]: string } = { r: '\r', n: '\n', t: '\t', '\\': '\\' }

function unescaped(text: string): string {
  return text
    .replace(/\n/g, '')
    .replace(/\\(?:x([0-9a-f]{2})|\(((?:[^*\\]|\\.)+)\*(\d+)\)|(.))/gi, (_, hex, repeated, times, letter) => {
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
      if (repeated !== undefined) return unescaped(repeated).repeat(Number(times))
      const code = plain[letter]
      if (code === undefined) throw new Error(`unknown escape \\${letter}`)
      return code
    })
}
