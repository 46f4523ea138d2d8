/** The form of what the admin API takes and gives. Both ends are held to it: requests when they come, answers by the tests. */
import { z } from 'zod'
import { type Misnamed, readPrefix, readUrl } from '../../cache/named-url.ts'
import { UNLIMITED } from '../../config/model.ts'

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
  .describe("A whole number, or 'unlimited'. 0 lets nothing in.")

/** A limit of the ledger as the API writes it. */
export function shownLimit(value: number): number | 'unlimited' {
  return value === UNLIMITED ? 'unlimited' : value
}

const gate = {
  name: z.string(),
  inUse: count(),
  limit: limitValue,
  waiting: count().describe('How many wait in line.'),
  bound: limitValue.describe('How many may wait in line.'),
  refused: count().describe('Turned away since the start.'),
}

const orders = z.enum(['ready', 'drain', 'maint'])

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
      streams: z.strictObject({ inUse: count(), limit: limitValue }),
      servers: z.array(
        z.strictObject({
          name: z.string(),
          inUse: count(),
          limit: limitValue,
          orders: orders.describe('What the operator said.'),
          health: z.enum(['up', 'down']).describe('What checks found.'),
        }),
      ),
    }),
  ),
  causes: z.record(z.string(), count()).describe('How often each cause has ended an exchange.'),
})

export const limitsAnswer = z.strictObject({
  limits: z.array(
    z.strictObject({
      path: z.string().describe('Path of the setting, such as pools.shop.queue.max.'),
      value: limitValue,
      configured: limitValue.describe('What the configuration says.'),
      inUse: count(),
    }),
  ),
})

export const limitsBody = z
  .record(z.string(), limitValue)
  .refine((limits) => Object.keys(limits).length > 0, 'names no limit')
  .describe('New values by path. All are changed, or none when one of them cannot be.')

export const ordersBody = z.strictObject({
  orders: orders.describe(
    '`drain`: no new clients but those tied to it by cookie. `maint`: nobody. Neither ends what is under way.',
  ),
})

export const ordersAnswer = z.strictObject({ pool: z.string(), server: z.string(), orders })

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
  .refine(
    ({ url, prefix, tags }) => [url, prefix, tags].filter((one) => one !== undefined).length === 1,
    'needs one of url, prefix and tags',
  )

export const banBody = z.strictObject({
  expression: z.string().describe('Such as `req.url ~ "^/shop/" && obj.age > 1h`.'),
  force,
})

export const purgeAnswer = z.strictObject({
  objects: count().nullable().describe('How many went; null when they go as they are met.'),
  softened: z.boolean().describe('Whether they were made stale instead, to spare the servers.'),
})

export const banAnswer = z.strictObject({
  ...purgeAnswer.shape,
  expression: z.string().describe('The ban in its one form.'),
})

export const bansAnswer = z.strictObject({
  bans: z.array(
    z.strictObject({
      expression: z.string(),
      age: z.number().nonnegative().describe('Seconds since it was given.'),
    }),
  ),
})

export const objectQuery = z.strictObject({ url: wholeUrl.describe('A whole URL.') })

export const objectAnswer = z.strictObject({
  url: z.string(),
  variants: z.array(
    z.strictObject({
      vary: z
        .record(z.string(), z.string())
        .describe(
          'What it was chosen by: request fields that Vary or the key names, and `cookie <name>` for cookies of the key, with their values.',
        ),
      coding: z.string().nullable().describe('Compressed here, in this way; null: as it came.'),
      status: z.int().min(100).max(599),
      size: count().describe('Bytes of the body.'),
      age: z.number().describe('Seconds.'),
      fresh: z.number().describe('Seconds until it is stale; negative when it is.'),
      grace: z.number().describe('Seconds until its grace is over.'),
      keep: z.number().describe('Seconds until it is forgotten.'),
      tags: z.array(z.string()),
      etag: z.string().nullable(),
    }),
  ),
  last: z
    .strictObject({ stored: z.boolean(), reason: z.string() })
    .nullable()
    .describe('Whether the last answer of a server was stored, and why or why not.'),
})

export const cacheAnswer = z.strictObject({
  size: count().describe('Bytes in all.'),
  used: count().describe('Bytes taken.'),
  objects: count(),
  hits: count(),
  misses: count(),
  stale: count().describe('Stale answers that were given.'),
  coalesced: count().describe('Requests that waited for the fetch of another.'),
  evicted: count(),
  bans: count(),
})

export const openapiAnswer = z.looseObject({ openapi: z.string(), paths: z.record(z.string(), z.unknown()) })
