/** The method PURGE: a client that may do so orders what it names to go from the cache. */
import { httpDate } from '../../base/clock.ts'
import type { WholeAnswer } from '../../net/responder.ts'
import type { Exchange } from '../exchange.ts'
import type { RouteCache } from './route-cache.ts'

/** Answers when no thread serves what it names any more. */
export function purge(x: Exchange, way: RouteCache): null {
  const { serial } = x
  x.context.purge([way.target(x.client.hop, x.head)]).then(
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
  return { status: 200, reason: 'OK', lines: `Content-Type: text/plain\r\nDate: ${httpDate()}\r\n`, body: `${says}\n` }
}
