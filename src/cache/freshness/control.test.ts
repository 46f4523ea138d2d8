import assert from 'node:assert/strict'
import { it } from 'node:test'
import { responseHead } from '../../../test/kit/heads.ts'
import { CacheControl } from '../../wire/http/cache-control.ts'
import { controlOf } from './control.ts'

const listens = { targeted: ['gate-cache-control', 'cdn-cache-control'], surrogateControl: true }

function read(lines: readonly string[], settings = listens): CacheControl {
  const control = new CacheControl()
  control.maxAge = 99
  controlOf(control, responseHead(200, ...lines), settings)
  return control
}

const all = ['Cache-Control: max-age=1', 'Surrogate-Control: max-age=2', 'CDN-Cache-Control: max-age=3']

it('takes the first targeted field, then Surrogate-Control, then Cache-Control (RFC 9213 §2.2)', () => {
  assert.equal(read([...all, 'Gate-Cache-Control: max-age=4']).maxAge, 4)
  assert.equal(read(all).maxAge, 3)
  assert.equal(read(all, { ...listens, targeted: [] }).maxAge, 2)
  assert.equal(read(all, { targeted: [], surrogateControl: false }).maxAge, 1)
  assert.equal(read([]).maxAge, -1)
})

it('sets Cache-Control aside where a targeted field counts, in both directions', () => {
  assert.equal(read(['Cache-Control: no-store', 'CDN-Cache-Control: none']).noStore, false)
  assert.equal(read(['Cache-Control: max-age=60', 'CDN-Cache-Control: no-store']).noStore, true)
  assert.equal(read(['Cache-Control: max-age=60', 'CDN-Cache-Control: no-store']).targeted, true)
})

it('falls back where a targeted field is empty or cannot be read', () => {
  assert.equal(read(['Cache-Control: max-age=60', 'CDN-Cache-Control:']).maxAge, 60)
  assert.equal(read(['Cache-Control: max-age=60', 'CDN-Cache-Control: max-age=5, &&']).maxAge, 60)
  assert.equal(read(['CDN-Cache-Control: max-age=3', 'Gate-Cache-Control: Max-Age=4']).maxAge, 3)
  assert.equal(read(['Cache-Control: max-age=60', 'Surrogate-Control: content="x"']).targeted, false)
})

it('reads all lines of a targeted field as one', () => {
  const control = read([
    'CDN-Cache-Control: max-age=3',
    'Gate-Cache-Control: no-cache',
    'gate-cache-control: max-age=5',
  ])
  assert.equal(control.maxAge, 5)
  assert.equal(control.noCache, true)
})

it('gives Pragma in a response no meaning (RFC 9111 §5.4)', () => {
  assert.equal(read(['Pragma: no-cache']).noCache, false)
})
