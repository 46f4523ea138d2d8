import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { causeNames, rowOf } from '../../base/cause.ts'
import { checkTemplate, diagnosisFields, logFields, templateFields } from '../../base/log-fields.ts'
import type { Diagnosis, ExchangeRecord as Exchange } from '../../exchange/record.ts'
import { AccessLog } from './access-log.ts'
import { jsonFormat } from './format/json.ts'
import { COMBINED, COMMON, templateFormat } from './format/log-template.ts'

const good: Exchange = {
  at: Date.UTC(2026, 10, 20, 19, 59, 0, 7),
  listener: 'web',
  route: 'routes[0]',
  pool: 'shop',
  server: '10.0.0.1:80',
  client: '192.0.2.7',
  port: 50_123,
  method: 'GET',
  target: '/cart?id=7',
  version: '1.1',
  host: 'shop.example',
  userAgent: 'curl/8.0',
  referer: '',
  status: 200,
  cause: null,
  end: '--',
  diagnosis: null,
  incident: null,
  header: 0.25,
  queue: 0,
  connect: 1.100000000000001,
  firstByte: 12.299999999999272,
  total: 15.0004,
  bytesIn: 120,
  bytesOut: 5120,
  cache: null,
  cacheDetail: null,
  retries: 0,
  redispatched: false,
  reused: true,
  listenerInUse: 17,
  poolInUse: 9,
  serverInUse: 5,
  queueLength: 0,
}

const diagnosis: Diagnosis = {
  cause: 'queue_timeout',
  gate: 'pool shop',
  limit: 2000,
  observed: 2001.26391,
  limitBy: 'configured',
  setting: 'pools.shop.queue.timeout',
  place: 'headgate.yaml:12',
  advice: rowOf('listener_full').advice, // has an apostrophe beyond ASCII
  detail: null,
}

const refused: Exchange = {
  ...good,
  server: null,
  status: 503,
  cause: 'queue_timeout',
  end: 'QQ',
  diagnosis,
  incident: '01ABCDEF234567',
  connect: -1,
  firstByte: -1,
}

/** Any bytes, as the parser gives them: one character each. */
const bytes = fc.uint8Array({ maxLength: 40 }).map((b) => Buffer.from(b).toString('latin1'))
/** Bytes that are likely to break something. */
const nasty = fc
  .array(
    fc.constantFrom('"', '\\', '\n', '\r', '\t', '\0', '\x7f', '\x1b[31m', ' ', '%{target}', '\xc3\xa9', '\xff', 'a'),
  )
  .map((parts) => parts.join(''))
const wire = fc.oneof(bytes, nasty)

test('a JSON line has all keys, in their order, with numbers as numbers', () => {
  const line = jsonFormat(3)(good)
  const object = JSON.parse(line) as Record<string, unknown>
  assert.deepEqual(Object.keys(object), [...Object.keys(logFields), 'diagnosis'])
  assert.equal(
    line,
    '{"time":"2026-11-20T19:59:00.007Z","thread":3,"listener":"web","route":"routes[0]","pool":"shop","server":"10.0.0.1:80",' +
      '"client":"192.0.2.7","port":50123,"method":"GET","target":"/cart?id=7","version":"1.1","host":"shop.example",' +
      '"userAgent":"curl/8.0","referer":"","status":200,"end":"--","cause":null,"incident":null,"headerMs":0.25,"queueMs":0,' +
      '"connectMs":1.1,"firstByteMs":12.3,"totalMs":15,"bytesIn":120,"bytesOut":5120,"cache":null,"cacheDetail":null,"retries":0,"redispatched":false,' +
      '"reused":true,"listenerInUse":17,"poolInUse":9,"serverInUse":5,"queueLength":0,"diagnosis":null}\n',
  )
})

test('a JSON line of a refusal says which gate, limit, value and setting, and what to do', () => {
  const object = JSON.parse(jsonFormat(0)(refused)) as Record<string, unknown>
  assert.deepEqual(Object.keys(object.diagnosis as object), Object.keys(diagnosisFields))
  const { cause, ...rest } = diagnosis
  assert.equal(object.cause, cause)
  assert.deepEqual(object.diagnosis, { ...rest, observed: 2001.264 })
  assert.equal(object.incident, refused.incident)
  assert.equal(object.connectMs, null, 'never reached')
})

test('any bytes in a request give one parseable JSON line in ASCII, with nothing lost', () => {
  const format = jsonFormat(0)
  fc.assert(
    fc.property(wire, wire, wire, fc.string({ unit: 'binary' }), (target, userAgent, referer, detail) => {
      const line = format({ ...refused, target: `/${target}`, userAgent, referer, diagnosis: { ...diagnosis, detail } })
      assert.match(line, /^[ -~]*\n$/)
      const object = JSON.parse(line) as { target: string; userAgent: string; diagnosis: { detail: string } }
      const read = (text: string): string => {
        const utf8 = Buffer.from(text, 'latin1').toString('utf8')
        return Buffer.from(utf8, 'utf8').toString('latin1') === text ? utf8 : text
      }
      assert.equal(object.target, read(`/${target}`))
      assert.equal(object.userAgent, read(userAgent))
      assert.equal(object.diagnosis.detail, detail.toWellFormed() === detail ? detail : object.diagnosis.detail)
    }),
  )
})

test('Common and Combined lines are as Apache and nginx write them', () => {
  assert.equal(
    templateFormat(COMMON, 0)(good),
    '192.0.2.7 - - [20/Nov/2026:19:59:00 +0000] "GET /cart?id=7 HTTP/1.1" 200 5120\n',
  )
  assert.equal(
    templateFormat(COMBINED, 0)({ ...good, referer: 'http://x/"', userAgent: 'Mözilla' }),
    '192.0.2.7 - - [20/Nov/2026:19:59:00 +0000] "GET /cart?id=7 HTTP/1.1" 200 5120 "http://x/\\x22" "M\\xF6zilla"\n',
  )
  assert.equal(
    templateFormat(COMBINED, 0)({ ...good, method: '', target: '', status: 0, bytesOut: 0, userAgent: '' }),
    '192.0.2.7 - - [20/Nov/2026:19:59:00 +0000] "-" - - "-" "-"\n',
  )
})

test('any bytes in a request give one Combined line that its readers can take apart', () => {
  const format = templateFormat(COMBINED, 0)
  fc.assert(
    fc.property(wire, wire, wire, wire, (client, target, referer, userAgent) => {
      const line = format({ ...good, client, target, referer, userAgent })
      assert.match(line, /^[^ "]+ - - \[[^\]"]+\] "GET [^"]+ HTTP\/1\.1" 200 5120 "[^"]+" "[^"]+"\n$/)
      assert.match(line, /^[ -~]*\n$/)
    }),
  )
})

test('a template may use every field, and stays one line', () => {
  const every = Object.keys(templateFields).map((name) => `${name}=%{${name}}`)
  assert.deepEqual(checkTemplate(every.join(' ')), [])
  const line = templateFormat(every.join(' '), 2)(refused)
  assert.doesNotMatch(line, /%\{|undefined|null/)
  for (const part of [
    'time=2026-11-20T19:59:00.007Z',
    'epoch=1795204740.007',
    'thread=2',
    'connectMs=-1',
    'observed=2001.264',
    'place=headgate.yaml:12',
    'advice=All of the listener\\xE2\\x80\\x99s maxConnections',
    'detail=-',
  ]) {
    assert.ok(line.includes(part), `${part} in ${line}`)
  }
  assert.equal(templateFormat('100%% %{nope} % – %{status}', 0)(good), '100% %{nope} % \xe2\x80\x93 200\n')
})

test('checkTemplate names unknown fields, open ones and line breaks, each with its place', () => {
  assert.deepEqual(checkTemplate('%{client} %%{ 100% %{status}'), [])
  const problems = checkTemplate('%{clientt} \n %{status')
  assert.deepEqual(
    problems.map((p) => p.at),
    [0, 11, 13],
  )
  assert.match(problems[0]!.says, /unknown name "clientt"; known are time, /)
  assert.match(problems[1]!.says, /control characters/)
  assert.match(problems[2]!.says, /not closed/)
})

test('no format writes a user name or password, wherever it stood', () => {
  const targets = [
    'http://me:secret@shop.example/x@y',
    'me:secret@shop.example:443',
    'HTTPS://me:sec@ret@shop.example?a=@b',
  ]
  for (const format of [jsonFormat(0), templateFormat(`${COMBINED} %{target} %{host}`, 0)]) {
    for (const target of targets) {
      const line = format({ ...good, target, host: 'me:secret@shop.example', referer: target })
      assert.doesNotMatch(line, /me:|sec|ret@/, line)
      assert.match(line, /shop\.example/)
    }
    assert.match(
      format({ ...good, target: '/a@b?c=http://d@e', referer: 'http://h/@f' }),
      /\/a@b\?c=http:\/\/d@e.*http:\/\/h\/@f/,
    )
  }
})

test('AccessLog writes every kind of end to its file', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'headgate-log-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const to = join(directory, 'access.log')
  const log = new AccessLog({ to, format: 'json', requests: 'all', buffer: 1_000_000 }, 1, (trouble) =>
    assert.fail(JSON.stringify(trouble)),
  )
  log.write(good)
  for (const cause of causeNames) log.write({ ...refused, cause, diagnosis: { ...diagnosis, cause } })
  await log.close()
  const lines = readFileSync(to, 'utf8').trimEnd().split('\n')
  assert.equal(lines.length, causeNames.length + 1)
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as Exchange).cause),
    [null, ...causeNames],
  )
})

test('AccessLog takes each of the formats', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'headgate-log-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const first = async (format: 'common' | 'combined' | { template: string }): Promise<string> => {
    const to = join(directory, 'formats.log')
    const log = new AccessLog({ to, format, requests: 'all', buffer: 10_000 }, 0, () => assert.fail())
    log.write(good)
    await log.close()
    const text = readFileSync(to, 'utf8')
    rmSync(to)
    return text
  }
  assert.match(await first('common'), / 200 5120\n$/)
  assert.match(await first('combined'), / "-" "curl\/8\.0"\n$/)
  assert.equal(await first({ template: '%{end} %{status}' }), '-- 200\n')
})
