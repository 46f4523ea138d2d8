import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ServerEpisodes, type ServerLine, type ServerReading } from './server-episodes.ts'

/** One server whose counts a test moves on. */
class Story {
  readonly #episodes = new ServerEpisodes()
  readonly #causes: Record<string, number> = {}
  readonly #codes: Record<string, number> = {}
  readonly #statuses: Record<string, number> = {}
  #requests = 0
  #responses = 0
  #retried = 0
  #now = 0

  good(n: number): this {
    this.#requests += n
    this.#responses += n
    return this
  }

  errors(n: number, status = '503'): this {
    this.good(n)
    this.#statuses[status] = (this.#statuses[status] ?? 0) + n
    return this
  }

  fails(n: number, cause: string, code: string | null = null, retried = 0): this {
    this.#requests += n
    this.#retried += retried
    this.#causes[cause] = (this.#causes[cause] ?? 0) + n
    if (code !== null) this.#codes[code] = (this.#codes[code] ?? 0) + n
    return this
  }

  /** `ms` later it is looked at. */
  after(ms: number): ServerLine[] {
    this.#now += ms
    return this.#episodes.step(this.#now, [this.#reading()])
  }

  stop(): ServerLine[] {
    return this.#episodes.finish([this.#reading()])
  }

  #reading(): ServerReading {
    const total = (counts: Record<string, number>): number => Object.values(counts).reduce((sum, n) => sum + n, 0)
    return {
      pool: 'shop',
      server: 'a:80',
      requests: this.#requests,
      responses: this.#responses,
      failures: total(this.#causes),
      errors: total(this.#statuses),
      details: () => ({
        causes: { ...this.#causes },
        codes: { ...this.#codes },
        statuses: { ...this.#statuses },
        retried: this.#retried,
      }),
    }
  }
}

function told(lines: readonly ServerLine[]): string[] {
  return lines.map(({ phase, kind, message }) => `${phase} ${kind}: ${message}`)
}

test('the first failed connect begins an episode, an answer after half a minute without failures ends it', () => {
  const story = new Story().good(5)
  assert.deepEqual(story.after(0), [])
  assert.deepEqual(told(story.good(2).fails(2, 'connect_refused', 'ECONNREFUSED', 2).after(250)), [
    'begin failures: server a:80 of pool shop fails: 2 of 4 requests failed (2 connect_refused; 2 ECONNREFUSED), 2 of them tried at another server. Nothing listens at the server’s address. Is it running, and is the port right?',
  ])
  assert.deepEqual(story.fails(7, 'connect_refused', 'ECONNREFUSED', 7).fails(1, 'response_cut').after(10_000), [])
  assert.deepEqual(story.after(40_000), [], 'nothing has come since, good or bad')
  const [end, ...more] = story.good(10).after(1000)
  assert.deepEqual(more, [])
  assert.deepEqual(told([end!]), [
    'end failures: server a:80 of pool shop answers again, after 10.0 s: 10 of 22 requests failed (9 connect_refused, 1 response_cut; 9 ECONNREFUSED), 9 of them tried at another server',
  ])
  assert.equal(end?.level, 'info')
  assert.deepEqual(end?.causes, { connect_refused: 9, response_cut: 1 })
  assert.equal(end?.retried, 9)
})

test('failures that come again and again with answers between are one episode', () => {
  const story = new Story()
  story.after(0)
  let lines = 0
  for (let i = 0; i < 100; i++) lines += story.good(20).fails(1, 'first_byte_timeout').after(5000).length
  assert.equal(lines, 1)
  assert.match(
    told(story.stop())[0] ?? '',
    /^end failures: .* had not recovered when Headgate stopped, after 8 min 15 s: 100 of/,
  )
  assert.deepEqual(story.stop(), [])
})

test('a single error among good answers is no episode', () => {
  const story = new Story().good(1)
  story.after(0)
  assert.deepEqual(story.errors(1).after(250), [])
  for (let i = 0; i < 100; i++)
    assert.deepEqual(
      story
        .good(50)
        .errors(i % 2)
        .after(1000),
      [],
    )
})

test('answers of which many are errors begin an episode, good ones end it', () => {
  const story = new Story().good(1000)
  story.after(0)
  assert.deepEqual(story.errors(2).after(250), [])
  assert.deepEqual(told(story.errors(1, '500').good(1).after(250)), [
    'begin errors: server a:80 of pool shop answers with errors: 3 of 4 answers were 5xx (2 503, 1 500); its own log says why',
  ])
  for (let i = 0; i < 30; i++) assert.deepEqual(story.errors(4).after(1000), [])
  assert.deepEqual(story.after(100_000), [], 'without any answer it is not known to be over')
  const [end] = story.good(3).after(1000)
  assert.equal(
    end?.message,
    'server a:80 of pool shop answers without errors again, after 30.0 s: 123 of 127 answers were 5xx (122 503, 1 500)',
  )
  assert.deepEqual(end?.statuses, { 503: 122, 500: 1 })
})

test('a tenth of many answers is an episode, and it does not come and go with each of them', () => {
  const story = new Story()
  story.after(0)
  const lines: ServerLine[] = []
  for (let i = 0; i < 300; i++) lines.push(...story.good(18).errors(2, '502').after(1000))
  assert.deepEqual(
    lines.map(({ phase, kind }) => [phase, kind]),
    [['begin', 'errors']],
  )
})

test('failures and errors of one server are told apart', () => {
  const story = new Story()
  story.after(0)
  const lines = story.errors(5).fails(1, 'connect_timeout').after(250)
  assert.deepEqual(
    lines.map(({ kind, level }) => [kind, level]),
    [
      ['failures', 'warn'],
      ['errors', 'warn'],
    ],
  )
})

test('what was counted before it is looked at for the first time is no episode', () => {
  const story = new Story().fails(50, 'connect_refused', 'ECONNREFUSED').errors(50)
  assert.deepEqual(story.after(0), [])
  assert.deepEqual(story.good(1).after(250), [])
  assert.match(
    story.fails(1, 'dns_failed', 'ENOTFOUND').after(250)[0]?.message ?? '',
    /1 of 1 requests failed \(1 dns_failed; 1 ENOTFOUND\)/,
  )
})
