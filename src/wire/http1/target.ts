/** The four forms of a request target (RFC 9112 §3.2), after its bytes were found to be allowed. */
import { equalsLower, QUESTION } from '../../base/bytes.ts'
import type { RequestHead } from '../http/head.ts'
import { hostEnd, hostName } from '../http/host.ts'

const SLASH = 0x2f

/**
 * Reads text[from, to) as the target of head.method: sets target and path, and for absolute-form and CONNECT authority
 * and host. Paths are passed on as they came; decoding and dot segments are left to the server.
 * @returns 1, or -1 with head.error `target_bad`
 */
export function readTarget(head: RequestHead, from: number, to: number): 1 | -1 {
  const text = head.text
  const target = text.slice(from, to)
  head.target = target
  head.path = target
  if (head.isConnect) return authorityForm(head, from, to)
  if (text.charCodeAt(from) === SLASH) return 1
  if (target === '*')
    return head.method === 'OPTIONS' ? 1 : head.fail('target_bad', 'asterisk-form is for OPTIONS only')
  return absoluteForm(head, from, to)
}

/** `host:port`, both needed (RFC 9112 §3.2.3). */
function authorityForm(head: RequestHead, from: number, to: number): 1 | -1 {
  const end = hostEnd(head.text, from, to)
  if (end < 0 || end + 1 >= to) return head.fail('target_bad', 'CONNECT needs host:port')
  head.authority = head.target
  head.host = hostName(head.text, from, end)
  return 1
}

/** `http://authority/path?query`. The authority replaces Host (RFC 9112 §3.2.2). User names in it are refused (RFC 9110 §4.2.4). */
function absoluteForm(head: RequestHead, from: number, to: number): 1 | -1 {
  const text = head.text
  const scheme = equalsLower(text, from, from + 7, 'http://')
    ? 7
    : equalsLower(text, from, from + 8, 'https://')
      ? 8
      : 0
  if (scheme === 0) return head.fail('target_bad', 'neither a path nor an http URI')
  const host = from + scheme
  let slash = host
  while (slash < to && text.charCodeAt(slash) !== SLASH && text.charCodeAt(slash) !== QUESTION) slash++
  const end = hostEnd(text, host, slash)
  if (end < 0) return head.fail('target_bad', 'no valid host in the absolute URI')
  head.authority = text.slice(host, slash)
  head.host = hostName(text, host, end)
  if (slash === to)
    head.path = head.method === 'OPTIONS' ? '*' : '/' // RFC 9112 §3.2.4
  else if (text.charCodeAt(slash) === QUESTION) head.path = `/${text.slice(slash, to)}`
  else head.path = text.slice(slash, to)
  return 1
}
