/** The method PURGE: a client that may do so orders what it names to go from the cache. */
import { httpDate } from '../../base/clock.ts'
import type { WholeAnswer } from '../../net/responder.ts'
import { dateLine } from '../../wire/http/date-line.ts'
import { fieldLine } from '../../wire/http/edits.ts'
import { ownFields } from '../../wire/http/outgoing-fields.ts'
import type { CachedExchange } from './cached-exchange.ts'
import type { RouteCache } from './route-cache.ts'

const PLAIN_TEXT = fieldLine('Content-Type', 'text/plain')

/** Answers when no thread serves what it names any more. */
export function purge(x: CachedExchange<unknown>, routeCache: RouteCache): null {
  const { serial } = x
  x.context.purge([routeCache.target(x.client.hop, x.head)]).then(
    (purged) => {
      if (x.serial !== serial) return
      if (purged.done) x.answer(purgeAnswer(purged.says))
      else x.fail(purged.cause, purged.says)
    },
    (error: unknown) => {
      x.context.defect(error)
      if (x.serial === serial) x.fail('internal', 'a purge failed')
    },
  )
  return null
}

function purgeAnswer(says: string): WholeAnswer {
  return { status: 200, reason: 'OK', fields: ownFields(PLAIN_TEXT, dateLine(httpDate())), body: `${says}\n` }
}
