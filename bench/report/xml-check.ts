/** For the tests: whether a text is well-formed XML, as far as charts use it. */
import assert from 'node:assert/strict'

const tag = /<(\/?)([a-z]+)((?: [a-zA-Z0-9-]+="[^"<]*")*)(\/?)>/y
const text = /(?:[^<>&]|&(?:amp|lt|gt|quot);)+/y

/** Throws AssertionError with the place where it is not. */
export function checkXml(xml: string): void {
  const open: string[] = []
  let at = 0
  while (at < xml.length) {
    const found = matchAt(tag, xml, at) ?? matchAt(text, xml, at)
    assert.ok(found, `no markup and no text: ${xml.slice(at, at + 60)}`)
    at += found[0].length
    const [, closing, name, attributes, empty] = found
    if (name === undefined) continue
    assert.doesNotMatch(attributes ?? '', /&(?!(?:amp|lt|gt|quot);)/)
    if (closing === '/') assert.equal(name, open.pop())
    else if (empty === '') open.push(name)
  }
  assert.deepEqual(open, [], 'elements that are not closed')
}

function matchAt(pattern: RegExp, xml: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(xml)
}
