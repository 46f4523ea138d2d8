import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ExchangeRecord } from '../record.ts'
import { incidentId, readIncident } from './incident-id.ts'
import { Incidents } from './incident-log.ts'

function record(incident: string, target = '/'): ExchangeRecord {
  const texts = { client: '10.0.0.1', method: 'GET', host: 'shop.test', userAgent: 'test', referer: '' }
  return { ...texts, incident, target } as ExchangeRecord
}

test('the last thousand incidents are found, older ones are forgotten', () => {
  const incidents = new Incidents(null)
  assert.equal(incidents.find('0'), null)
  for (let i = 0; i < 1500; i++) incidents.keep(record(String(i)), 100)
  assert.equal(incidents.find('499'), null)
  for (const i of ['500', '999', '1000', '1499']) assert.equal(incidents.find(i)?.incident, i)
})

test('of a request with a long head only the beginnings of its texts are kept', () => {
  const incidents = new Incidents(null)
  const long = record('a', `/${'x'.repeat(50_000)}`)
  incidents.keep(long, 60_000)
  assert.equal(incidents.find('a')?.target, `/${'x'.repeat(1023)}...`)
  assert.equal(incidents.find('a')?.host, 'shop.test')
  assert.equal(long.target.length, 50_001, 'the record itself is for the log')
})

test('an incident id is read as people write it, and what is none is not', () => {
  const id = incidentId(Date.UTC(2026, 6, 1))
  assert.equal(readIncident(id), id)
  assert.equal(readIncident(` ${id.slice(0, 6)}-${id.slice(6).toLowerCase()} `), id)
  assert.equal(readIncident('oOiIlL23456789'), '00111123456789')
  for (const bad of ['', 'U2345678901234', '1234567890123', '123456789012345', '../../../../x.y'])
    assert.equal(readIncident(bad), null)
})
