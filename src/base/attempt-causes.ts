/** The results of an attempt at a server, and what failed attempts have in common. Counters are named by them. */
import type { Cause } from './cause.ts'

/** The causes with which an attempt at a server fails. */
export const attemptCauses = [
  'dns_failed',
  'connect_refused',
  'connect_failed',
  'connect_timeout',
  'local_resources',
  'send_timeout',
  'first_byte_timeout',
  'between_bytes_timeout',
  'total_timeout',
  'response_cut',
  'response_bad',
  'response_head_too_large',
  'response_transfer_coding',
] as const satisfies readonly Cause[]
export type AttemptCause = (typeof attemptCauses)[number]

/** Error codes of the system that are counted by name; all others are `other`. */
export const systemCodes = [
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'EACCES',
  'EPERM',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EMFILE',
  'ENFILE',
  'EADDRNOTAVAIL',
  'ENOBUFS',
  'ENOMEM',
  'other',
] as const

/** Classes of status codes, in their order. */
export const statusClasses = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const
export type StatusClass = (typeof statusClasses)[number]

/** Server errors that are counted by their status as well; all others are `other`. */
export const errorStatuses: readonly string[] = '500 501 502 503 504 other'.split(' ')
