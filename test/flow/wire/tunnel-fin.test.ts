/** A tunnel of which one side has closed its half: what still flows is not touched, but silence is bounded. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client } from '../../kit/client.ts'
import { type Logged, logged } from '../../kit/logged.ts'
import { type Peer, RawOrigin } from '../../kit/raw-origin.ts'
import { meanwhile, settled } from '../../kit/settle.ts'

const UPGRADE = 'Connection: Upgrade\r\nUpgrade: websocket\r\n'
const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

function before(origin: RawOrigin, timeouts: string): Promise<Logged> {
  return logged(`
listeners:
  web: { bind: '127.0.0.1:0' }
pools:
  shop:
    servers: [ '${origin.address}' ]
    timeouts: ${timeouts}
threads: 1
accessLog: LOG
`)
}

async function tunnel(hg: Logged, origin: RawOrigin): Promise<{ client: Client; peer: Peer }> {
  const client = await Client.connect(hg.port)
  client.get('/', UPGRADE)
  const { peer } = await origin.asked()
  peer.send(SWITCHING)
  await client.until('\r\n\r\n')
  return { client, peer }
}

for (const closer of ['client', 'server'] as const) {
  test(`a tunnel whose ${closer} has closed is over when the other side stays silent for tunnelFin`, async () => {
    await using origin = await RawOrigin.listen()
    await using hg = await before(origin, '{ tunnelFin: 250ms }')
    const { client, peer } = await tunnel(hg, origin)
    const [from, to] = closer === 'client' ? [client, peer] : [peer, client]
    from.end()
    await to.closed()
    await settled(hg.gate)
    await from.closed()
    client[Symbol.dispose]()
    peer.reset()
    const [line] = await hg.log()
    assert.equal(line?.cause, 'tunnel_fin_timeout')
    assert.equal(line?.end, 'TD')
    assert.deepEqual(
      { ...line.diagnosis, advice: '', place: '' },
      {
        gate: `server ${origin.address}`,
        limit: 250,
        observed: 250,
        limitBy: 'configured',
        setting: 'pools.shop.timeouts.tunnelFin',
        place: '',
        advice: '',
        detail: `the ${closer} had closed`,
      },
    )
  })

  test(`what flows after the ${closer} has closed its half goes on for as long as it flows`, async () => {
    await using origin = await RawOrigin.listen()
    await using hg = await before(origin, '{ tunnelFin: 700ms }')
    const { client, peer } = await tunnel(hg, origin)
    const [from, to] = closer === 'client' ? [client, peer] : [peer, client]
    from.send('last').end()
    assert.equal(await to.closed(), 'last')
    for (let n = 0; n < 8; n++) {
      await meanwhile(100)
      to.send('more')
      assert.equal(await from.bytes(4), 'more')
    }
    to.end()
    assert.equal(await from.closed(), '')
    assert.equal(from.error, null)
    await settled(hg.gate)
    assert.deepEqual(hg.gate.usage().causes, {})
    client[Symbol.dispose]()
  })
}

test('a client that closes in the same packet as its request is bound by tunnelFin from the switch on', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await before(origin, '{ tunnelFin: 250ms }')
  using client = await Client.connect(hg.port)
  client.get('/', UPGRADE).end()
  const { peer } = await origin.asked()
  peer.send(SWITCHING)
  await client.until('\r\n\r\n')
  await settled(hg.gate)
  peer.reset()
  assert.deepEqual(hg.gate.usage().causes, { tunnel_fin_timeout: 1 })
})

test('with tunnelFin: 0 a half-closed tunnel may be silent as long as an open one', async () => {
  await using origin = await RawOrigin.listen()
  await using hg = await before(origin, '{ tunnelFin: 0, tunnelIdle: 400ms }')
  const { client, peer } = await tunnel(hg, origin)
  client.end()
  await peer.closed()
  await settled(hg.gate)
  assert.deepEqual(hg.gate.usage().causes, { tunnel_idle: 1 })
  client[Symbol.dispose]()
})
