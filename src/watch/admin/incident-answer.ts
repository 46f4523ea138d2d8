/** What the admin API says of one incident: the line of the access log, and what it means. */
import { z } from 'zod'
import { causeNames, rowOf } from '../../base/cause.ts'
import { diagnosisFields, logFields } from '../../base/log-fields.ts'
import { readIncident } from '../../exchange/answer/incident-id.ts'
import type { GatePort } from './gate-port.ts'
import { Problem } from './problem.ts'

const text = () => z.string()
const name = () => z.string().nullable()
const count = () => z.int().nonnegative()
const time = () => z.number().nonnegative().nullable()

/** With the meaning that the field has in the log. */
function described<S extends Readonly<Record<string, z.ZodType>>>(
  shape: S,
  meanings: Readonly<Record<string, string>>,
): S {
  const entries = Object.entries(shape).map(([field, form]) => [field, form.describe(meanings[field] ?? '')])
  return Object.fromEntries(entries) as S
}

const line = {
  time: z.iso.datetime(),
  thread: count(),
  listener: text(),
  route: name(),
  pool: name(),
  server: name(),
  client: text(),
  port: count(),
  method: text(),
  target: text(),
  version: text(),
  host: text(),
  userAgent: text(),
  referer: text(),
  status: count(),
  end: text(),
  cause: z.enum(causeNames),
  incident: text(),
  headerMs: time(),
  queueMs: time(),
  connectMs: time(),
  firstByteMs: time(),
  totalMs: time(),
  bytesIn: count(),
  bytesOut: count(),
  cache: name(),
  cacheDetail: name(),
  retries: count(),
  redispatched: z.boolean(),
  reused: z.boolean(),
  listenerInUse: count(),
  poolInUse: count(),
  serverInUse: count(),
  queueLength: count(),
}

const diagnosis = {
  gate: text(),
  limit: z.number().nullable(),
  observed: z.number().nullable(),
  limitBy: name(),
  setting: name(),
  place: name(),
  advice: text(),
  detail: name(),
}

export const incidentAnswer = z.strictObject({
  ...described(line, logFields),
  sentence: text().describe('What the error page says.'),
  diagnosis: z.strictObject(described(diagnosis, diagnosisFields)),
})

export async function incidentOf(
  port: GatePort,
  { params: { incident = '' } }: { readonly params: Readonly<Record<string, string>> },
): Promise<z.input<typeof incidentAnswer>> {
  const id = readIncident(incident)
  if (id === null) {
    const says = `${incident} is no incident id`
    throw new Problem('bad-request', says, 'it has 14 letters and digits, and stands on the error page', 'path')
  }
  const found = await port.incident(id)
  if (found !== null) {
    const line = found as z.input<typeof incidentAnswer>
    return { ...line, sentence: rowOf(line.cause).sentence }
  }
  const says = `none of the threads remembers an incident ${id}`
  const fix = 'look for it in the access log; each thread remembers its last 1000 since it was started'
  throw new Problem('unknown-incident', says, fix, 'path')
}
