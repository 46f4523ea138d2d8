/** The form of what the admin API takes and gives. Both ends are held to it: requests when they come, answers by the tests. */
import { z } from 'zod'
import { causeNames } from '../../base/cause.ts'
import { type Misnamed, readPrefix, readUrl } from '../../cache/key/named-url.ts'
import { reasons } from '../../cache/object/reasons.ts'
import { UNLIMITED } from '../../config/model.ts'
import { voices } from '../../ledger/voice.ts'
import { poolOccupancy } from './occupancy-answer.ts'
import { attemptsAnswer, endedBy } from './server-answer.ts'

const count = () => z.int().nonnegative()

/** A limit as the configuration writes it. */
export const limitValue = z
  .union([
    z
      .int()
      .min(0)
      .max(UNLIMITED - 1),
    z.literal('unlimited'),
  ])
  .describe("A whole number, or 'unlimited', within the bounds that the configuration has for it.")

/** A limit of the ledger as the API writes it. */
export function shownLimit(value: number): number | 'unlimited' {
  return value === UNLIMITED ? 'unlimited' : value
}

const voice = z
  .enum(voices)
  .describe(
    'Whose number is in force: the configuration’s, one that an operator set while running, or another that lowers it.',
  )

const gate = {
  name: z.string(),
  inUse: count(),
  limit: limitValue,
  limitBy: voice,
  waiting: count().describe('How many wait in line.'),
  bound: limitValue.describe('How many may wait in line.'),
  boundBy: voice,
  refused: count().describe('Turned away since the start.'),
}

const adminState = z.enum(['ready', 'drain', 'maint'])

export const statusAnswer = z.strictObject({
  name: z.string().describe('What it is called in Via and Proxy-Status.'),
  version: z.string(),
  uptime: z.number().nonnegative().describe('Seconds since the start.'),
  threads: count(),
  requests: count().describe('Since the start.'),
  listeners: z.array(z.strictObject(gate)),
  routes: z.array(z.strictObject(gate)),
  pools: z.array(
    z.strictObject({
      ...gate,
      queued: count().describe('Requests that have waited since the start.'),
      requests: count(),
      streams: z.strictObject({ inUse: count(), limit: limitValue, limitBy: voice }),
      occupancy: poolOccupancy,
      servers: z.array(
        z.strictObject({
          name: z.string(),
          inUse: count(),
          limit: limitValue,
          limitBy: voice,
          adminState: adminState.describe('What the operator ordered.'),
          ...attemptsAnswer,
        }),
      ),
      causes: endedBy('of this pool'),
    }),
  ),
  causes: z.record(z.string(), count()).describe('How often each cause has ended an exchange.'),
})

export const limitsAnswer = z.strictObject({
  limits: z.array(
    z.strictObject({
      path: z.string().describe('Path of the setting, such as pools.shop.queue.max.'),
      value: limitValue,
      by: voice,
      configured: limitValue.describe('What the configuration says.'),
      inUse: count(),
    }),
  ),
})

export const limitsBody = z
  .record(z.string(), limitValue)
  .refine((limits) => Object.keys(limits).length > 0, 'names no limit')
  .describe('New values by path. All are changed, or none when one of them cannot be.')

export const adminStateBody = z.strictObject({
  adminState: adminState.describe(
    '`drain`: no new clients but those tied to it by cookie. `maint`: nobody. Neither ends what is under way.',
  ),
})

export const adminStateAnswer = z.strictObject({ pool: z.string(), server: z.string(), adminState })

const force = z.boolean().optional().describe('Do it although the servers are at their limits.')
/** A text that is read as what it names, and is told in words when it names nothing. */
const named = (read: (text: string) => object | Misnamed) =>
  z
    .string()
    .max(8192)
    .superRefine((text, context) => {
      const found = read(text)
      if ('says' in found) context.addIssue({ code: 'custom', message: found.says, params: { fix: found.fix } })
    })
const wholeUrl = named(readUrl)

export const purgeBody = z
  .strictObject({
    url: wholeUrl.optional().describe('A whole URL; all of its variants go.'),
    prefix: named(readPrefix).optional().describe('The beginning of a URL, or of a path on every host.'),
    tags: z
      .array(
        z
          .string()
          .min(1)
          .max(1024)
          .regex(/^[\x21-\x7e]+$/, 'is not a tag: it has spaces or other signs'),
      )
      .min(1)
      .max(1000)
      .optional()
      .describe('Surrogate keys; objects with any of them go.'),
    soft: z
      .boolean()
      .optional()
      .describe('Make stale instead of removing: grace may still give it while it is fetched.'),
    force,
  })
  .refine(({ url, prefix, tags }) => [url, prefix, tags].filter((one) => one !== undefined).length === 1, {
    error: 'names nothing, or several things to remove',
    params: { fix: 'give exactly one of url, prefix, tags' },
  })
  .meta({ oneOf: ['url', 'prefix', 'tags'].map((name) => ({ required: [name] })) })

export const banBody = z.strictObject({
  expression: z.string().describe('Such as `req.url ~ "^/shop/" && obj.age > 1h`.'),
  force,
})

export const purgeAnswer = z.strictObject({
  soft: z
    .boolean()
    .describe(
      'Made stale at once, instead of removed: grace, if it is long enough, still gives it while it is fetched again.',
    ),
  softened: z.boolean().describe('`soft` was not asked for: the servers are at their limits, and are to be spared.'),
  warning: z
    .string()
    .optional()
    .describe(
      'What making stale does not do for some of what was meant, of a purge by tag or prefix that was softened.',
    ),
})

export const banAnswer = z.strictObject({ expression: z.string().describe('The ban in its one form.') })

export const removalsListAnswer = z.strictObject({
  removals: z.array(
    z.strictObject({
      removal: z.string().describe('A ban expression, or `url …`, `prefix …`, `tags …`.'),
      soft: z.boolean().describe('It makes stale instead of removing.'),
      age: z.number().nonnegative().describe('Seconds since it was given.'),
    }),
  ),
})

export const objectQuery = z.strictObject({ url: wholeUrl.describe('A whole URL.') })

const told = {
  reason: z
    .enum([...(Object.keys(reasons) as (keyof typeof reasons)[]), ...causeNames])
    .describe('One of a closed list: those of the table in docs/admin.md, or a cause of docs/causes.md.'),
  says: z.string().describe('The reason in a sentence.'),
  fix: z.string().describe('What to do about it; empty where there is nothing to do.'),
  at: z.iso.datetime(),
}

export const objectAnswer = z.strictObject({
  url: z.string(),
  routes: z
    .array(z.string())
    .describe('Routes that cache and may take this URL. None: nothing is ever stored for it, whatever servers say.'),
  variants: z.array(
    z.strictObject({
      vary: z
        .record(z.string(), z.string().nullable())
        .describe(
          'What it was chosen by: request fields that Vary or the key names, and `cookie <name>` for cookies of the key, with their values; null: the request had none.',
        ),
      coding: z.string().nullable().describe('Compressed here, in this way; null: as it came.'),
      status: z.int().min(100).max(599),
      size: count().describe('Bytes of the body.'),
      age: z.number().describe('Seconds.'),
      fresh: z.number().describe('Seconds until it is stale; negative when it is.'),
      grace: z.number().describe('Seconds until its grace is over: it is given while it is fetched again.'),
      pressure: z
        .number()
        .describe(
          'Seconds until it is not given any more even while the servers are full or fail (graceUnderPressure).',
        ),
      neverStale: z
        .enum(['no-cache', 'must-revalidate'])
        .nullable()
        .describe(
          'The server forbids to use it stale. `no-cache`: it is asked each time. `must-revalidate`: it said that, proxy-revalidate or s-maxage. null: it may be used stale.',
        ),
      keep: z.number().describe('Seconds until it is forgotten.'),
      tags: z.array(z.string()),
      etag: z.string().nullable(),
    }),
  ),
  last: z
    .strictObject({
      stored: z.boolean(),
      ...told,
      status: z.int().min(100).max(599).nullable().describe('Status of the answer, where that is the reason.'),
    })
    .nullable()
    .describe('Whether the last answer of a server was stored, and why or why not; null when none is remembered.'),
  passed: z
    .strictObject({ ...told, count: count().describe('How many are remembered.') })
    .nullable()
    .describe('The last request that took nothing from the cache and left nothing in it, and why; null: none.'),
})

export const cacheAnswer = z.strictObject({
  size: count().describe('Bytes in all.'),
  used: count().describe('Bytes taken.'),
  objects: count().describe(
    'Stored answers, compressed forms of them, and what little is noted of URLs whose answers vary or are not for all.',
  ),
  hits: count().describe('Requests that were given a fresh stored answer.'),
  stale: count().describe('Requests that were given a stale one: within grace, or as the servers were full or failed.'),
  collapsed: count().describe('Requests that were given what another one fetched while they waited.'),
  revalidated: count().describe('Requests for which a server said that the stored answer is still right.'),
  misses: count().describe('Requests whose answer a server made: nothing that is stored answered them.'),
  passes: count().describe(
    'Requests on routes that cache which went to a server whatever is stored: upgrades, what bypass, If-Match or no-store lets by, and what lately was not for all.',
  ),
  refreshed: count().describe('Fetches in the background that renewed what was stale.'),
  refreshFailed: count().describe('Fetches in the background that did not, so that what was stale stayed.'),
  evicted: count().describe('Objects that made room for others.'),
  resets: count().describe(
    'Parts of the store whose contents were lost with a thread that died while it changed them. They are fetched again.',
  ),
  removals: count().describe('Purges and bans that not everything stored has been compared with yet.'),
})

export const openapiAnswer = z.looseObject({ openapi: z.string(), paths: z.record(z.string(), z.unknown()) })

export { incidentAnswer } from './incident-answer.ts'
