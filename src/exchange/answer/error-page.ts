/**
 * What a client gets that is refused or failed: a page in the form it asked for, and the whole answer around it.
 *
 * Under overload thousands of these are made per second, by the process that is short of time already. So each cause
 * and form is prepared once, down to the bytes, and one answer is a handful of string concatenations.
 *
 * Strings here hold one byte per character (UTF-8 read as latin1), as everything that goes to a socket.
 */
import { STATUS_CODES } from 'node:http' // the names of the status codes, nothing else
import { type Cause, rowOf } from '../../base/cause.ts'
import type { CauseRow } from '../../base/cause-row.ts'
import { type PagePlaceholder, pageHole } from '../../base/page-fields.ts'
import { parseTemplate } from '../../base/template.ts'
import type { Config } from '../../config/model.ts'
import type { WholeAnswer } from '../../net/responder.ts'
import { type FieldLine, FieldName, fieldLine } from '../../wire/http/edits.ts'
import { ownFields } from '../../wire/http/outgoing-fields.ts'
import type { Refusal } from '../generation.ts'
import type { Diagnosis } from '../record.ts'
import { type PageKind, pageKind } from './accept.ts'
import { escapeHtml, htmlPage } from './error-page-html.ts'

const NO_STORE = fieldLine('Cache-Control', 'no-store')
const NO_METHOD = fieldLine('Allow', '')
const CONTENT_TYPE = new FieldName('Content-Type')
const RETRY_AFTER = new FieldName('Retry-After')
const PROXY_STATUS = new FieldName('Proxy-Status')
const DATE = new FieldName('Date')

/** The settings that decide what clients are told. */
export type PageSettings = Pick<Config, 'proxyStatus' | 'retryAfter' | 'errorPages'>

/** Makes the value of Proxy-Status, '' for none. With `null` for a diagnosis: what everyone may know, of the cause alone. */
export type StatusField = (cause: Cause, diagnosis: Diagnosis | null) => string

/** A page; `body` has one byte per character. */
export interface Page {
  readonly contentType: string
  readonly body: string
}

/** What is filled in when a page is sent; all else is known when it is prepared. */
type Hole = 'incident' | 'retryAfter' | 'wait'
const lateHole = /\{\{(incident|retryAfter|wait)\}\}/g

/** One page, prepared: text, hole, text, …, text. */
interface Prepared {
  readonly contentType: string
  readonly texts: readonly string[]
  readonly holes: readonly Hole[]
  readonly reason: string
  /** The fields that are the same every time. */
  readonly lines: readonly FieldLine[]
}

const contentTypes: { readonly [K in PageKind]: string } = {
  html: 'text/html; charset=utf-8',
  problem: 'application/problem+json',
  text: 'text/plain; charset=utf-8',
}

/**
 * Seconds for Retry-After: uniform in [0.5, 1.5] × `base` (ms), at least 1. A crowd that is told the same number comes
 * back as a crowd. The second random number rounds, so that short times are spread too.
 */
export function retryAfter(base: number): number {
  return Math.max(1, Math.floor((base / 1000) * (0.5 + Math.random()) + Math.random()))
}

/** All refusals of one configuration. */
export class ErrorPages {
  readonly #settings: PageSettings
  readonly #statusField: StatusField
  readonly #prepared: { readonly [K in PageKind]: Map<Cause, Prepared> }

  constructor(settings: PageSettings, statusField: StatusField) {
    this.#settings = settings
    this.#statusField = statusField
    this.#prepared = { html: new Map(), problem: new Map(), text: new Map() }
  }

  /** The page alone. `accept` is the Accept field or null; `seconds` is for causes that shed and ignored for others. */
  page(cause: Cause, accept: string | null, incident: string, seconds: number): Page {
    const prepared = this.#prepare(pageKind(accept), cause)
    return { contentType: prepared.contentType, body: fill(prepared, incident, seconds) }
  }

  /**
   * The whole answer. The incident is as `incidentId` makes it; `date` is the value of Date ('' leaves it out).
   * @throws RangeError for a cause without a status: there is no client left to answer
   */
  answer({ cause, diagnosis, incident, accept }: Refusal, date: string): WholeAnswer {
    const row = rowOf(cause)
    if (row.status === 0) throw new RangeError(`${cause} has no status to answer with`)
    const prepared = this.#prepare(pageKind(accept), cause)
    const seconds = row.shed ? retryAfter(this.#settings.retryAfter) : 0
    const fields = ownFields(...prepared.lines)
    if (row.shed) fields.edits.add(RETRY_AFTER.line(String(seconds)))
    if (this.#settings.proxyStatus === 'full') {
      const value = this.#statusField(cause, diagnosis)
      if (value !== '') fields.edits.add(PROXY_STATUS.line(value))
    }
    if (date !== '') fields.edits.add(DATE.line(date))
    return { status: row.status, reason: prepared.reason, fields, body: fill(prepared, incident, seconds) }
  }

  #prepare(kind: PageKind, cause: Cause): Prepared {
    const known = this.#prepared[kind].get(cause)
    if (known !== undefined) return known
    const row = rowOf(cause)
    const { proxyStatus, errorPages } = this.#settings
    const told = proxyStatus === 'off' ? '' : cause
    const own = kind === 'html' ? (errorPages[cause] ?? errorPages[row.status] ?? errorPages.default) : undefined
    const page = own === undefined ? builtIn[kind](row, told) : fillOwn(own, row, told)
    const { texts, names } = parseTemplate(page, lateHole)
    const lines = [NO_STORE]
    // RFC 9110 §15.5.6 wants Allow with this one. For what CONNECT names there is no method that we would take.
    if (cause === 'method_refused') lines.push(NO_METHOD)
    const value = proxyStatus === 'cause' ? this.#statusField(cause, null) : ''
    if (value !== '') lines.push(PROXY_STATUS.line(value))
    const prepared: Prepared = {
      contentType: contentTypes[kind],
      texts: texts.map((text) => Buffer.from(text, 'utf8').toString('latin1')),
      holes: names as Hole[],
      reason: titleOf(row),
      lines: [...lines, CONTENT_TYPE.line(contentTypes[kind])],
    }
    this.#prepared[kind].set(cause, prepared)
    return prepared
  }
}

function fill(page: Prepared, incident: string, seconds: number): string {
  const { texts, holes } = page
  let body = texts[0]!
  for (let i = 0; i < holes.length; i++) {
    const hole = holes[i]!
    body +=
      hole === 'incident'
        ? incident
        : hole === 'retryAfter'
          ? seconds
          : seconds === 1
            ? '1 second'
            : `${seconds} seconds`
    body += texts[i + 1]!
  }
  return body
}

function titleOf(row: CauseRow): string {
  return STATUS_CODES[row.status] ?? 'Error'
}

/** Ends the sentence of most causes that shed; with a number of seconds at hand it is said once, and exactly. */
const SHORTLY = ' Please try again shortly.'
const TRY_AGAIN = 'Please try again in {{wait}}.'

/** The pages as templates that know only the names of `Hole`. `cause` is '' where it is not to be told. */
const builtIn: { readonly [K in PageKind]: (row: CauseRow, cause: string) => string } = {
  html: (row, cause) =>
    row.shed
      ? htmlPage(row.status, titleOf(row), row.sentence.replace(SHORTLY, ''), TRY_AGAIN, cause)
      : htmlPage(row.status, titleOf(row), row.sentence, '', cause),
  text: (row, cause) =>
    `${row.status} ${titleOf(row)}\n${row.shed ? `${row.sentence.replace(SHORTLY, '')} ${TRY_AGAIN}` : row.sentence}\n` +
    `Incident {{incident}}${cause === '' ? '' : ` (${cause})`}\n`,
  // RFC 9457 §4.2.1: about:blank says that the problem means what its status means, and asks for the status's name.
  problem: (row, cause) => {
    const known = { type: 'about:blank', title: titleOf(row), status: row.status, detail: row.sentence }
    const start = JSON.stringify(cause === '' ? known : { ...known, cause }).slice(0, -1)
    return `${start},"incident":"{{incident}}"${row.shed ? ',"retryAfter":{{retryAfter}}' : ''}}\n`
  },
}

/** Fills in what is known beforehand of an own page. Names it does not know stay as they are. */
function fillOwn(page: string, row: CauseRow, cause: string): string {
  const values: { readonly [P in PagePlaceholder]: string } = {
    status: String(row.status),
    title: escapeHtml(titleOf(row)),
    sentence: escapeHtml(row.sentence),
    tryAgain: row.shed ? TRY_AGAIN : '',
    retryAfter: row.shed ? '{{retryAfter}}' : '',
    incident: '{{incident}}',
    cause: escapeHtml(cause),
  }
  return page.replace(pageHole, (hole, name: string) =>
    Object.hasOwn(values, name) ? values[name as PagePlaceholder] : hole,
  )
}
