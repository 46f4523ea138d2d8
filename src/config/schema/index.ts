/** The written form of a whole configuration: one schema from which types, JSON Schema and reference are made. */
import { z } from 'zod'
import { causeNames, rowOf } from '../../base/cause.ts'
import { checkTemplate, templateFields } from '../../base/log-fields.ts'
import { defaults } from '../defaults.ts'
import { likely, nearer } from '../likely.ts'
import { Refusal, show } from '../refusal.ts'
import type { Rule } from '../rules.ts'
import { ruleNames, rules } from '../rules.ts'
import { admin } from './admin.ts'
import { cache } from './cache.ts'
import { listener } from './listener.ts'
import { pool } from './pool.ts'
import { route } from './route.ts'
import { duration, namePattern, reads, size, token, whole, word } from './scalars.ts'

const destination = reads<string, string>(
  (written) =>
    typeof written === 'string' && written !== ''
      ? written
      : new Refusal('wrong-type', `${show(written)} is not a file`, "a path, 'stdout' or 'stderr'", "write 'stdout'"),
  { type: 'string' },
)

const template = reads<string, string>(
  (written) => {
    const expected = "a line with fields, such as '%{client} %{status} %{totalMs}'"
    if (typeof written !== 'string')
      return new Refusal('wrong-type', `${show(written)} is not a template`, expected, 'write a text')
    const [problem] = checkTemplate(written)
    if (problem === undefined) return written
    const { says, fix } = nearer(problem, Object.keys(templateFields), (name) => `%{${name}}`)
    return new Refusal('unknown-field', says, expected, fix)
  },
  { type: 'string' },
)

const accessLog = z.union([
  reads<false, null>(
    (written) =>
      written === false ? null : new Refusal('wrong-type', `${show(written)} is not a log`, 'false', 'write false'),
    { const: false },
  ),
  destination.transform((to) => ({
    to,
    format: defaults.accessLog.format,
    requests: defaults.accessLog.requests,
    buffer: 4 * 1024 * 1024,
  })),
  z.strictObject({
    to: destination.prefault(defaults.accessLog.to).describe("A file, `'stdout'` or `'stderr'`."),
    format: z
      .union([
        word(['json', 'common', 'combined']),
        z.strictObject({
          template: template.describe('Line with fields as `%{client}`; the fields are listed below.'),
        }),
      ])
      .prefault(defaults.accessLog.format)
      .describe("`'json'`, `'common'`, `'combined'`, or `{ template: '%{client} %{status} %{totalMs}' }`."),
    requests: word(['all', 'failures'])
      .prefault(defaults.accessLog.requests)
      .describe(
        "Which requests get a line: `'all'`, or only those that were refused or failed: `'failures'`. HAProxy: option dontlog-normal.",
      ),
    buffer: size(4096)
      .prefault(defaults.accessLog.buffer)
      .describe(
        'Bytes that may wait to be written, per thread. Lines beyond are dropped and counted; no request waits for its log.',
      ),
  }),
])

const ignorable = reads<Rule, Rule>(
  (written) => {
    const known = ruleNames.filter((rule) => rules[rule].severity !== 'error')
    if (known.includes(written as Rule)) return written as Rule
    const near = likely(String(written), known)
    const fix = near === null ? `the rules are ${known.join(', ')}` : `did you mean '${near}'?`
    return new Refusal(
      'unknown-rule',
      `there is no rule ${show(written)} that can be left out`,
      'the id of a warning',
      fix,
    )
  },
  { type: 'string', enum: ruleNames.filter((rule) => rules[rule].severity !== 'error') },
)

const statuses = [...new Set(causeNames.map((cause) => String(rowOf(cause).status)))].filter((s) => s !== '0').sort()
const pageKeys = ['default', ...statuses, ...causeNames]

/** Keys of a record are refused in the words of the reader, too. */
const pageFile = reads<string, string>(
  (written) =>
    typeof written === 'string' && written !== ''
      ? written
      : new Refusal('wrong-type', `${show(written)} is not a file`, 'the path of an HTML file', 'write its path'),
  { type: 'string' },
)

// The names themselves are looked at with the references: zod would pass over all that stands under a bad one.
const named = <S extends z.ZodType>(one: S) =>
  z.record(z.string(), one).meta({ propertyNames: { type: 'string', pattern: namePattern.source } })

export const schema = z.strictObject({
  $schema: z.string().optional().describe('Where editors find the JSON Schema of this file. Not read by Headgate.'),
  name: token('the name of this proxy')
    .optional()
    .describe(
      'Name in Via, Proxy-Status and Cache-Status; by Via a request that comes round in a circle is known again. Unset: one of its own for every process, such as `headgate-3fb36a5d`. Varnish: -i.',
    ),
  threads: whole(1, 256)
    .optional()
    .describe(
      'Worker threads. Unset: as many as the machine has cores for this process. HAProxy: nbthread. nginx: worker_processes.',
    ),
  listeners: named(listener).describe('Where clients connect, by name. HAProxy: frontend. nginx: server with listen.'),
  pools: named(pool).describe(
    'Groups of servers that do the same work, by name. HAProxy: backend. nginx: upstream. Varnish: director.',
  ),
  routes: z
    .array(route)
    .optional()
    .describe(
      'Which requests go to which pool. The most specific route wins, whatever the order: an exact host before a wildcard before any, then the longest path; no route gives 404. Unset: everything goes to the only pool. HAProxy: use_backend. nginx: location.',
    ),
  cache: cache
    .prefault({})
    .describe('The store of all routes that cache; see `cache` of a route. Reserved only when there is such a route.'),
  admin: admin
    .optional()
    .describe(
      `The admin API: \`false\`, an address, or \`{ bind, token }\`. Unset: \`headgate run\` opens it at \`${defaults.admin.bind}\`, for this machine only, and goes on without it where that port is taken; a program that calls start() has none.`,
    ),
  accessLog: accessLog
    .prefault(defaults.accessLog.to)
    .describe(
      "One line per request: a file, `'stdout'`, `'stderr'`, `false` for none, or `{ to, format, requests, buffer }`. SIGUSR2 reopens the file. HAProxy: log, log-format. nginx: access_log.",
    ),
  proxyStatus: word(['off', 'cause', 'full'])
    .prefault(defaults.proxyStatus)
    .describe(
      "What the Proxy-Status field (RFC 9209) of a refused or failed request tells the client: `'off'` nothing, `'cause'` its name, `'full'` gate, limit, value and setting too.",
    ),
  retryAfter: duration(null)
    .prefault(defaults.retryAfter)
    .describe('Retry-After of a request that Headgate turned away, before a spread is added; in whole seconds.'),
  errorPages: z
    .partialRecord(z.enum(pageKeys as [string, ...string[]]), pageFile)
    .optional()
    .describe(
      "Own error pages: HTML files by cause (`queue_full`), by status (`'503'`), or `default`; paths are relative to this file. They may contain `{{status}}`, `{{sentence}}`, `{{incident}}` and others, listed below. HAProxy: errorfile. nginx: error_page. Varnish: vcl_synth.",
    ),
  drain: duration('at once')
    .prefault(defaults.drain)
    .describe(
      'How long a stop waits for requests under way. HAProxy: hard-stop-after. nginx: worker_shutdown_timeout.',
    ),
  ignore: z
    .array(ignorable)
    .optional()
    .describe(
      'Rules whose warnings are known and accepted; `headgate check` leaves them out. Errors cannot be left out.',
    ),
})

/** The keys that `errorPages` knows. */
export const errorPageKeys: readonly string[] = pageKeys

/** A configuration as it is written. */
export type WrittenConfig = z.input<typeof schema>
/** The same when it was read: defaults in place, durations in ms, sizes in bytes. */
export type ReadConfig = z.output<typeof schema>
