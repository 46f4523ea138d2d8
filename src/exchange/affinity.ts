/** Which server a request would like to go to: by the hash of one of its properties, or by its sticky cookie. */
import type { BalanceConfig } from '../config/model.ts'
import { hashKey } from '../pool/hash.ts'
import { cookieValue, type Sticky } from '../pool/sticky.ts'
import { Field } from '../wire/fields.ts'
import type { RequestHead } from '../wire/head.ts'

/** The key for the pool's policy; 0 where the policy does not hash. A missing field or cookie falls back to the address. */
export function keyOf(balance: BalanceConfig, head: RequestHead, client: string): number {
  if (balance.policy !== 'hash') return 0
  switch (balance.on) {
    case 'path':
      return hashKey(head.path)
    case 'header':
      return hashKey(head.find(balance.name) ?? client)
    case 'cookie':
      return hashKey(cookieValue(head.get(Field.cookie) ?? '', balance.name) ?? client)
    default:
      return hashKey(client)
  }
}

/** Index of the server that the request's cookie names, -1 for none. */
export function preferred(sticky: Sticky | null, head: RequestHead): number {
  if (sticky === null) return -1
  const cookies = head.get(Field.cookie)
  return cookies === null ? -1 : sticky.find(cookies)
}
