import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type CheckResult, HealthStreak } from './health.ts'

/** The findings as letters (g good, b bad, t timeout, T timeout of a server at work, u unknown), the health after each. */
function play(rise: number, fall: number, findings: string): string {
  const streak = new HealthStreak(rise, fall, 'up')
  let seen = ''
  for (const letter of findings) {
    const finding = ({ g: 'good', b: 'bad', t: 'timeout', T: 'timeout', u: 'unknown' } as const)[letter] as CheckResult
    const before = streak.health
    const turned = streak.heard(finding, letter === 'T')
    assert.equal(turned, before !== streak.health)
    seen += streak.health === 'up' ? 'u' : 'd'
  }
  return seen
}

test('a server is up until `fall` findings in a row speak against it, and down until `rise` speak for it', () => {
  assert.equal(play(2, 3, 'gbbgbbbgbggb'), 'uuuuuudddduu')
  assert.equal(play(1, 1, 'bgbg'), 'dudu')
})

test('timeouts count as failures, but not while the server gets something done', () => {
  assert.equal(play(2, 3, 'ttt'), 'uud')
  assert.equal(play(2, 3, 'T'.repeat(30)), 'u'.repeat(30))
})

test('a timeout of a busy server neither ends a streak of failures nor adds to it', () => {
  assert.equal(play(2, 3, 'bTbTb'), 'uuuud')
})

test('a server that hangs is taken out after as many checks as any other', () => {
  assert.equal(play(2, 3, 'TTtTtTt'), 'uuuuuud')
})

test('what this machine could not ask changes nothing', () => {
  assert.equal(play(2, 2, 'bub'), 'uud')
  assert.equal(play(2, 2, 'bbgug'), 'udddu')
})

test('a server that is down stays down however often it times out', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('t', 'T', 'b', 'u')), (findings) => {
      assert.ok(!play(2, 1, `b${findings.join('')}`).includes('u'))
    }),
  )
})
