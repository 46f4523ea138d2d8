/** The Proxy-Status field (RFC 9209), serialised as a structured field (RFC 9651). */

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
  let value = item(name)
  if (of.error !== null) value += `; error=${item(of.error)}`
  if (of.nextHop !== null) value += `; next-hop=${item(of.nextHop)}`
  if (of.receivedStatus > 0) value += `; received-status=${of.receivedStatus}`
  if (of.details !== null) value += `; details=${string(of.details)}`
  return value
}

/** A token where the text can be one (RFC 9651 §3.3.4), else a string. */
function item(text: string): string {
  return /^[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*$/.test(text) ? text : string(text)
}

/** A string (RFC 9651 §3.3.3): printable ASCII, `"` and `\` escaped. Every other character becomes '?'. */
function string(text: string): string {
  return `"${text.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, '\\$&')}"`
}
