/** Which server a request prefers: by the hash of one of its properties, or by its sticky cookie. */
import type { BalanceConfig } from '../../config/model.ts'
import type { ClientRequest } from '../../net/client-request.ts'
import { hashKey } from '../../pool/hash-key.ts'
import { cookieValue, type Sticky } from '../../pool/sticky.ts'
import { Field } from '../../wire/http/fields.ts'
import type { RequestHead } from '../../wire/http/head.ts'
import { clientOf } from '../../wire/http1/forward.ts'

/** The request, and what tells of its client. */
export interface Asking {
  readonly head: RequestHead
  readonly client: ClientRequest
  readonly listener: { readonly trusts: (address: string) => boolean }
}

/** Address of the client: the peer's or, where that is a trusted proxy, the one it names. */
export function clientAddress({ head, client, listener }: Asking): string {
  const { hop } = client
  return hop.trusted ? clientOf(head, hop.peer, listener.trusts) : hop.peer
}

/** The key for the pool's policy; 0 where the policy does not hash. A missing field or cookie falls back to the address. */
export function keyOf(balance: BalanceConfig, x: Asking): number {
  if (balance.policy !== 'hash') return 0
  const { head } = x
  switch (balance.on) {
    case 'path':
      return hashKey(head.path)
    case 'header':
      return hashKey(head.find(balance.name) ?? clientAddress(x))
    case 'cookie':
      return hashKey(cookieValue(head.get(Field.cookie) ?? '', balance.name) ?? clientAddress(x))
    default:
      return hashKey(clientAddress(x))
  }
}

/** Index of the server that the request's cookie names, -1 for none. */
export function preferred(sticky: Sticky | null, head: RequestHead): number {
  if (sticky === null) return -1
  const cookies = head.get(Field.cookie)
  return cookies === null ? -1 : sticky.find(cookies)
}
