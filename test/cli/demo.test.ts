/** `headgate demo`, short. That the gate helps is the point of it, and is checked here. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { command, RunningCommand } from './command.ts'

/** The numbers of a row of the table: without a gate and with it. */
function row(out: string, name: string): [number, number] {
  const found = new RegExp(`^ ${name} +([\\d,]+)(?: +\\d+ %)? +([\\d,]+)`, 'm').exec(out)
  assert.ok(found, `no row "${name}" in: ${out}`)
  return [Number(found[1]?.replaceAll(',', '')), Number(found[2]?.replaceAll(',', ''))]
}

test('the demo serves more visitors with the gate than without, and says why it refused the rest', async () => {
  const { code, out, err } = await command(['demo', '--seconds', '5'])
  assert.equal(code, 0, err)
  const [came, cameToGate] = row(out, 'visitors')
  const [served, servedByGate] = row(out, 'served within 1\\.5 s')
  const [, refused] = row(out, 'refused at once')
  assert.equal(came, cameToGate)
  assert.ok(servedByGate > served, `${servedByGate} with the gate, ${served} without`)
  assert.ok(refused > 0)
  assert.match(out, /queue_(full|timeout): “/)
  assert.match(out, /headgate run --to/)
})

test('piped, the demo prints plain lines without cursor codes or colours', async () => {
  await using demo = new RunningCommand(['demo', '--seconds', '30'])
  await demo.said(/^ +2 s .*no gate: .*Headgate: /m)
  demo.signal('SIGINT')
  const { code, out } = await demo.ended()
  assert.equal(code, 0)
  assert.ok(!out.includes('\x1b'))
  assert.match(out, /visitors/)
})

test('a port of the demo that is in use ends with 1 and a remedy', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.after(() => taken.close())
  const { port } = taken.address() as AddressInfo
  const { code, err } = await command(['demo', '--port', String(port)])
  assert.equal(code, 1)
  assert.match(err, /is in use/)
})
