/**
 * Vary (RFC 9111 §4.1): which fields of a request chose the response, and a text of their values that is the same for
 * two requests exactly if a response to the one may be used for the other. Values are normalised only where the
 * specification of the field says that nothing changes by it.
 */
import { fieldList } from '../wire/field-list.ts'
import { Field } from '../wire/fields.ts'
import type { RequestHead, ResponseHead } from '../wire/head.ts'

const NONE: readonly string[] = []

/** Names in all Vary fields: lower case, sorted, each once; none without Vary; null for '*', which matches no request. */
export function varyNames(head: ResponseHead): readonly string[] | null {
  const vary = head.list(Field.vary)
  if (vary === null) return NONE
  const names = new Set<string>()
  for (const element of vary.split(',')) {
    const name = element.trim().toLowerCase()
    if (name === '*') return null
    if (name !== '') names.add(name)
  }
  return [...names].sort()
}

/** The values of these fields in a request as one text. No value can hold the line feed that separates them, and a field that is missing has no colon. */
export function variantOf(names: readonly string[], head: RequestHead): string {
  let variant = ''
  for (const name of names) {
    const value = fieldList(head, name)
    variant += value === null ? `${name}\n` : `${name}:${normal(name, value)}\n`
  }
  return variant
}

function normal(name: string, value: string): string {
  switch (name) {
    case 'accept-encoding':
      return elements(value).sort().join(',')
    case 'accept-language':
      // Weights tell the preference; languages of one weight have no order (RFC 9110 §12.5.4).
      return elements(value).sort().join(',')
    default:
      // Space around the commas of a list means nothing (RFC 9111 §4.1, RFC 9110 §5.6.1); within quotes it may.
      return value.includes('"') ? value : value.replace(/[ \t]*,[ \t]*/g, ',')
  }
}

/** The elements in lower case, without space, and without a weight of 1, which is what none means (RFC 9110 §12.4.2). */
function elements(value: string): string[] {
  const found = new Set<string>()
  for (const element of value.toLowerCase().split(',')) {
    const plain = element.replace(/[ \t]/g, '')
    if (plain !== '')
      found.add(plain.replace(/;q=1(?:\.0{0,3})?$/, '').replace(/(;q=0)\.0*$|(;q=0\.\d*?[1-9])0+$/, '$1$2'))
  }
  return [...found]
}
