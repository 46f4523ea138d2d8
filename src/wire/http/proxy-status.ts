/** The Proxy-Status field (RFC 9209), serialised as a structured field (RFC 9651). */
import { quotedString, tokenOrString } from './structured.ts'

/** What is told of an exchange. Everything but the name is optional. */
export interface ProxyStatus {
  /** An error type of RFC 9209 §2.3. */
  readonly error: string | null
  /** Free text for the operator of the next hop. */
  readonly details: string | null
  /** Status that the server sent, 0 for none. */
  readonly receivedStatus: number
  /** The server that was chosen. */
  readonly nextHop: string | null
}

/** The value of Proxy-Status: one list member, the intermediary called `name`. */
export function proxyStatus(name: string, of: ProxyStatus): string {
  let value = tokenOrString(name)
  if (of.error !== null) value += `; error=${tokenOrString(of.error)}`
  if (of.nextHop !== null) value += `; next-hop=${tokenOrString(of.nextHop)}`
  if (of.receivedStatus > 0) value += `; received-status=${of.receivedStatus}`
  if (of.details !== null) value += `; details=${quotedString(of.details)}`
  return value
}
