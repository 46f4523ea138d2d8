/** A server that is killed under load costs no GET while another one is there (RFC 9110 §9.2.2). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client } from '../../kit/client.ts'
import { logged } from '../../kit/logged.ts'
import { Mortal } from '../../kit/mortal.ts'
import { tally, until } from '../../kit/settle.ts'

const CLIENTS = 60

test('a server killed under load costs no GET, and the log tells where those were answered that were at it', async () => {
  await using a = await Mortal.start('a')
  await using b = await Mortal.start('b')
  await using hg = await logged(
    `threads: 2
listeners: { web: { bind: "127.0.0.1:0" } }
accessLog: LOG
pools:
  shop:
    servers: ["${a.address}", "${b.address}"]
`,
  )
  const seen: string[] = []
  let over = false
  const load = Array.from({ length: CLIENTS }, async () => {
    using client = await Client.connect(hg.port)
    while (!over) {
      const answer = await client.get('/').response()
      seen.push(`${answer.status} ${answer.body.slice(0, 1)}`)
    }
  })
  await until(() => seen.length > 5 * CLIENTS)
  await a.kill()
  const killed = seen.length
  await until(() => seen.length > killed + 5 * CLIENTS)
  over = true
  await Promise.all(load)
  const counts = tally(seen)
  assert.deepEqual(Object.keys(counts).toSorted(), ['200 a', '200 b'], JSON.stringify(counts))

  const lines = await hg.log()
  assert.equal(lines.length, seen.length)
  const again = lines.filter(({ retries }) => retries > 0)
  assert.ok(again.length > 0, 'requests were at it when it was killed')
  for (const { server, redispatched, status } of again) {
    assert.deepEqual([server, redispatched, status], [b.address, true, 200])
  }
})
