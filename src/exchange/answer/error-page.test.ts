import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Cause, causeNames, rowOf } from '../../base/cause.ts'
import { checkPage } from '../../base/page-fields.ts'
import type { WholeAnswer } from '../../net/responder.ts'
import type { Refusal } from '../generation.ts'
import type { Diagnosis } from '../record.ts'
import { ErrorPages, type PageSettings, retryAfter } from './error-page.ts'

const settings: PageSettings = { proxyStatus: 'cause', retryAfter: 10_000, errorPages: {} }
const diagnosis: Diagnosis = {
  cause: 'queue_full',
  gate: 'pool shop',
  limit: 200,
  limitBy: 'configured',
  observed: 200,
  setting: 'pools.shop.queue.max',
  place: null,
  advice: '',
  detail: null,
}
const incident = '01ABCDEF234567'
const HTML = 'text/html,*/*;q=0.8'

function refusal(cause: Cause, accept: string | null, change: Partial<Refusal> = {}): Refusal {
  return { cause, diagnosis, incident, accept, ...change }
}

function read({ status, reason, fields: outgoing, body }: WholeAnswer): {
  line: string
  fields: Map<string, string>
  body: string
} {
  const lines = outgoing.text()
  assert.ok(lines.endsWith('\r\n') && !lines.includes('\r\n\r\n'))
  const fields = lines.slice(0, -2).split('\r\n')
  const pairs = fields.map((f): [string, string] => [
    f.slice(0, f.indexOf(':')).toLowerCase(),
    f.slice(f.indexOf(':') + 1).trim(),
  ])
  assert.equal(new Set(pairs.map(([name]) => name)).size, pairs.length, 'no field twice')
  return { line: `${status} ${reason}`, fields: new Map(pairs), body }
}

const status = (cause: Cause, v: Diagnosis | null): string =>
  `gate; error=x; details="${cause}${v === null ? '' : v.gate}"`

test('every cause with a status is answered in three forms, with nothing to cache', () => {
  const refusals = new ErrorPages(settings, status)
  for (const cause of causeNames) {
    for (const accept of [HTML, 'application/json', null]) {
      const answer = (): WholeAnswer => refusals.answer(refusal(cause, accept), 'Fri, 20 Nov 2026 20:00:00 GMT')
      if (rowOf(cause).status === 0) {
        assert.throws(answer, RangeError)
        continue
      }
      const { line, fields, body } = read(answer())
      assert.match(line, new RegExp(`^${rowOf(cause).status} [A-Z]`))
      assert.equal(fields.get('cache-control'), 'no-store')
      assert.equal(fields.get('date'), 'Fri, 20 Nov 2026 20:00:00 GMT')
      assert.equal(fields.get('proxy-status'), `gate; error=x; details="${cause}"`)
      assert.equal(fields.has('retry-after'), rowOf(cause).shed)
      assert.ok(body.includes(incident))
      assert.ok(!body.includes('{{'), body)
    }
  }
})

test('what sheds says when to come back, in the page as in Retry-After', () => {
  const refusals = new ErrorPages(settings, status)
  for (let i = 0; i < 50; i++) {
    const { fields, body } = read(refusals.answer(refusal('queue_full', null), ''))
    assert.equal(
      body,
      `503 Service Unavailable\nThe site is busy at the moment and its queue is full. Please try again in ${fields.get('retry-after')} seconds.\nIncident ${incident} (queue_full)\n`,
    )
  }
  const short = new ErrorPages({ ...settings, retryAfter: 1 }, status)
  assert.match(short.answer(refusal('queue_full', null), '').body, /try again in 1 second\.\n/)
  const failed = refusals.answer(refusal('connect_refused', HTML), '')
  assert.doesNotMatch(failed.fields.text() + failed.body, /try again|Retry-After/)
})

test('problem details are JSON of RFC 9457', () => {
  const refusals = new ErrorPages(settings, status)
  const { fields, body } = read(refusals.answer(refusal('queue_full', 'application/json'), ''))
  assert.equal(fields.get('content-type'), 'application/problem+json')
  assert.deepEqual(JSON.parse(body), {
    type: 'about:blank',
    title: 'Service Unavailable',
    status: rowOf('queue_full').status,
    detail: rowOf('queue_full').sentence,
    cause: 'queue_full',
    incident,
    retryAfter: Number(fields.get('retry-after')),
  })
})

test('proxyStatus decides how much is told of the inside', () => {
  const off = new ErrorPages({ ...settings, proxyStatus: 'off' }, status)
  for (const accept of [HTML, 'application/json', null]) {
    const { fields, body } = off.answer(refusal('queue_full', accept), '')
    assert.doesNotMatch(fields.text() + body, /queue_full|Proxy-Status|pool shop/)
  }
  const full = new ErrorPages({ ...settings, proxyStatus: 'full' }, status)
  const { fields, body } = read(full.answer(refusal('queue_full', null), ''))
  assert.equal(fields.get('proxy-status'), 'gate; error=x; details="queue_fullpool shop"')
  assert.doesNotMatch(body, /pool shop/)
})

test('an own page is chosen by cause, then status, then default, and only for who wants HTML', () => {
  const errorPages = { queue_full: 'the line', '503': 'busy', default: 'sorry' }
  const refusals = new ErrorPages({ ...settings, errorPages }, status)
  assert.equal(refusals.page('queue_full', HTML, incident, 1).body, 'the line')
  assert.equal(refusals.page('pool_full', HTML, incident, 1).body, 'busy')
  assert.equal(refusals.page('no_route', HTML, incident, 1).body, 'sorry')
  assert.match(refusals.page('queue_full', null, incident, 1).body, /^503 Service Unavailable\n/)
  assert.equal(refusals.page('queue_full', 'application/json', incident, 1).contentType, 'application/problem+json')
})

test('an own page is filled, sent as UTF-8', () => {
  const own =
    '<p>Zu voll — {{ status }} {{title}}: {{sentence}} {{tryAgain}} [{{retryAfter}}] {{incident}} {{cause}} 🙂 {{x}} {{'
  const refusals = new ErrorPages({ ...settings, errorPages: { default: own } }, status)
  const { fields, body } = read(refusals.answer(refusal('pool_full', HTML), ''))
  const seconds = fields.get('retry-after')
  assert.equal(
    Buffer.from(body, 'latin1').toString('utf8'),
    `<p>Zu voll — 503 Service Unavailable: The site is busy at the moment. Please try again shortly. Please try again in ${seconds} seconds. [${seconds}] ${incident} pool_full 🙂 {{x}} {{`,
  )
  const failed = refusals.page('connect_refused', HTML, incident, 9).body
  assert.match(Buffer.from(failed, 'latin1').toString('utf8'), / {2}\[\] /, 'a failure names no seconds')
})

test('checkPage names what a page cannot be filled with', () => {
  assert.deepEqual(checkPage('{{status}} {{ incident }} {{retryAfter}} body{color:red} {{#if}}'), [])
  const [problem, ...more] = checkPage('<p>{{statuss}}</p>')
  assert.equal(more.length, 0)
  assert.equal(problem!.at, 3)
  assert.match(problem!.says, /unknown name "statuss"; known are status, title, /)
})

test('retryAfter spreads the crowd around the configured time and is never 0', () => {
  const of = (ms: number): number[] => Array.from({ length: 4000 }, () => retryAfter(ms))
  const ten = of(10_000)
  assert.ok(Math.min(...ten) >= 5 && Math.max(...ten) <= 15, `${Math.min(...ten)} … ${Math.max(...ten)}`)
  assert.ok(new Set(ten).size >= 10)
  assert.ok(Math.abs(ten.reduce((a, b) => a + b) / ten.length - 10) < 0.5)
  assert.deepEqual([...new Set(of(1000))].toSorted(), [1, 2])
  assert.deepEqual([...new Set(of(1))], [1])
})

test('the built-in page needs nothing from elsewhere, and does not come back by itself', () => {
  const page = new ErrorPages(settings, status).page('queue_full', HTML, incident, 7).body
  assert.match(page, /^<!doctype html>\n<html lang="en">/)
  assert.match(page, /width=device-width/)
  assert.match(page, /prefers-color-scheme:dark/)
  assert.match(page, /Please try again in 7 seconds\./)
  assert.doesNotMatch(page, /http-equiv|<script|src=|href=|url\(|@import/)
  assert.ok(page.length < 2500, `${page.length} bytes`)
})
