/** The method PURGE: a client that may do so orders what it names to go from the cache. */
import { httpDate } from '../base/clock.ts'
import type { Exchange } from './exchange.ts'
import type { RouteCache } from './route-cache.ts'

/** Answers when no thread serves what it names any more. */
export function purge(x: Exchange, way: RouteCache): null {
  const { serial } = x
  const done = (status: number, says: string): void => {
    if (x.serial === serial) x.answer(status, purgeAnswer(status, says, x.connection))
  }
  x.world.purge([way.target(x.client.hop.proto, x.head)]).then(
    (says) => done(200, says),
    (error: unknown) => {
      x.world.defect(error)
      if (x.serial === serial) x.fail('internal', 'a purge failed')
    },
  )
  return null
}

function purgeAnswer(status: number, says: string, connection: string): string {
  const line = connection === '' ? '' : `Connection: ${connection}\r\n`
  const fields = `Content-Type: text/plain\r\nContent-Length: ${says.length + 1}\r\nDate: ${httpDate()}\r\n${line}`
  return `HTTP/1.1 ${status} OK\r\n${fields}\r\n${says}\n`
}
