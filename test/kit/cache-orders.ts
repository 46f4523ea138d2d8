/** Orders to a cache by the admin API, and whether what they mean is still served. */
import assert from 'node:assert/strict'
import type { Shop } from './cache-origin.ts'
import { get } from './client.ts'
import { settled } from './settle.ts'

export const FRESH = 'Cache-Control: max-age=60\r\n'
/** Settings of a Headgate that takes orders. */
export const more = { admin: { bind: '127.0.0.1:0' }, threads: 2 }

/** Calls the admin API. */
export async function call(
  at: Pick<Shop, 'gate'>,
  path: string,
  body?: unknown,
): Promise<{ status: number; says: Record<string, unknown> }> {
  const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const answer = await fetch(`http://${at.gate.gate.admin}/v1/cache/${path}`, body === undefined ? {} : post)
  return { status: answer.status, says: (await answer.json()) as Record<string, unknown> }
}

/** Gives an order that must be carried out. */
export async function order(at: Shop, path: string, body: unknown): Promise<Record<string, unknown>> {
  const { status, says } = await call(at, path, body)
  assert.equal(status, 200, JSON.stringify(says))
  return says
}

/** Whether all of many requests for a path, spread over both threads, were served from the store. */
export async function stored(at: Shop, path: string, fields = ''): Promise<boolean> {
  const before = at.origin.count(path)
  const answers = await Promise.all(Array.from({ length: 8 }, () => get(at.gate.port, path, fields)))
  const hits = answers.filter((answer) => /^gate; hit; ttl=\d/.test(answer.field('cache-status') ?? '')).length
  assert.ok(hits === 8 || at.origin.count(path) > before)
  return hits === 8
}

/** Stores answers for these paths and sees that they are. */
export async function store(at: Shop, pages: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, fields] of Object.entries(pages)) {
    at.origin.says(path, `${FRESH}${fields}`)
    await get(at.gate.port, path)
    assert.ok(await stored(at, path), path)
  }
}

export async function done(at: Shop): Promise<void> {
  at.client[Symbol.dispose]()
  await settled(at.gate.gate)
}

/** Resolves when all that is stored has been compared with every order. */
export async function carriedOut(at: Shop): Promise<void> {
  for (let looks = 0; looks < 2000; looks++) {
    if (((await call(at, 'removals')).says.removals as unknown[]).length === 0) return
  }
  assert.fail('removals stay pending')
}
