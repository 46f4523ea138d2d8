/** In which of three forms a client wants a refusal, by its Accept field (RFC 9110 §12.5.1). */

/** HTML for people, problem details (RFC 9457) for programs, plain text for everything else. */
export type PageKind = 'html' | 'problem' | 'text'

/** A media range: lower-case type, quality in thousandths. */
interface Range {
  readonly type: string
  readonly quality: number
}

/** In the order of our preference: between equals plain text is the cheapest to make and to read. */
const offers: readonly { readonly kind: PageKind; readonly types: readonly string[]; readonly family: string }[] = [
  { kind: 'text', types: ['text/plain'], family: 'text/*' },
  { kind: 'html', types: ['text/html'], family: 'text/*' },
  // A client that asks for JSON reads problem details too: they are JSON, and RFC 9457 made them for this.
  { kind: 'problem', types: ['application/problem+json', 'application/json'], family: 'application/*' },
]

/** Under overload the same few values come thousands of times per second. Bounded, as clients choose the values. */
const known = new Map<string, PageKind>()
const KNOWN_VALUES = 128
const KNOWN_LENGTH = 256

/**
 * The form with the highest quality; at the same quality the one named more exactly, then the one named first. Plain
 * text when the field is missing, accepts anything (curl) or accepts nothing we have. Malformed members are ignored.
 */
export function pageKind(accept: string | null): PageKind {
  if (accept === null) return 'text'
  let kind = known.get(accept)
  if (kind === undefined) {
    kind = negotiate(readRanges(accept))
    if (known.size >= KNOWN_VALUES) known.clear()
    if (accept.length <= KNOWN_LENGTH) known.set(accept, kind)
  }
  return kind
}

function negotiate(ranges: readonly Range[]): PageKind {
  let best: PageKind = 'text'
  let bestQuality = 0
  let bestExactness = 0
  let bestPosition = 0
  for (const offer of offers) {
    // The most exact range that covers a type decides, not the one with the highest quality (§12.5.1).
    let quality = 0
    let exactness = 0
    let position = 0
    ranges.forEach((range, i) => {
      const exact = offer.types.includes(range.type)
        ? 3
        : range.type === offer.family
          ? 2
          : range.type === '*/*'
            ? 1
            : 0
      if (exact === 0 || exact < exactness || (exact === exactness && range.quality <= quality)) return
      quality = range.quality
      exactness = exact
      position = i
    })
    const better =
      quality !== bestQuality
        ? quality > bestQuality
        : exactness !== bestExactness
          ? exactness > bestExactness
          : position < bestPosition
    if (quality === 0 || !better) continue
    best = offer.kind
    bestQuality = quality
    bestExactness = exactness
    bestPosition = position
  }
  return best
}

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
/** No two ways to read the same white space: a pattern that can split it in several takes exponential time to fail. */
const member = new RegExp(`^(${token}/${token})[ \\t]*((?:;[ \\t]*(?:${token}=(?:${token}|"[^"]*")[ \\t]*)?)*)$`)
const weight = /;[ \t]*q=([^; \t]*)/i
const qvalue = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/

function readRanges(accept: string): Range[] {
  const ranges: Range[] = []
  for (const part of splitOutsideQuotes(accept)) {
    const match = member.exec(part.trim())
    if (match === null) continue
    const q = weight.exec(match[2]!)?.[1] ?? '1'
    if (qvalue.test(q)) ranges.push({ type: match[1]!.toLowerCase(), quality: Math.round(Number(q) * 1000) })
  }
  return ranges
}

function splitOutsideQuotes(text: string): string[] {
  if (!text.includes('"')) return text.split(',')
  return text.match(/(?:"[^"]*"?|[^",])+/g) ?? []
}
