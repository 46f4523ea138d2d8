/** The pages that a caching proxy has stored before the storm. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Helper } from '../helper.ts'
import type { PageShare } from './generator.ts'
import type { OriginOrder, OriginReport } from './origin.ts'

/** What their paths begin with. */
export const PAGES = '/page/'
/** A fifth of the requests, for a hundred pages. */
export const SHARE: PageShare = { every: 5, count: 100 }
/** Until all are stale, in ms. There is no grace by default: only because the servers are full are they given away. */
const STALE = 2000

export function pageOf(k: number): string {
  return PAGES + k
}

/** Has a proxy store the pages, and waits until they are stale. Rejects when it does not store them. */
export async function storePages(port: number, origin: Helper<OriginOrder, OriginReport>): Promise<void> {
  await askAll(port)
  const before = await origin.ask({ do: 'read' })
  await askAll(port)
  const { served } = await origin.ask({ do: 'read' })
  if (served > before.served) throw new Error(`${served - before.served} of ${SHARE.count} pages were not stored`)
  await sleep(STALE)
}

async function askAll(port: number): Promise<void> {
  const ask = async (k: number): Promise<void> => {
    const answer = await fetch(`http://127.0.0.1:${port}${pageOf(k)}`)
    await answer.arrayBuffer()
    if (!answer.ok) throw new Error(`a page was answered with ${answer.status}`)
  }
  await Promise.all(Array.from({ length: SHARE.count }, (_, k) => ask(k)))
}
