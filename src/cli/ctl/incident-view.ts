/** What happened to one refused or failed request, as a person reads it. */
import { duration } from '../../config/quantity.ts'
import type { Look, Of } from './look.ts'

type Incident = Of<'incidentAnswer'>

export function incidentLines(incident: Incident, { width, paint }: Look): string[] {
  const { cause, status, sentence, diagnosis, time, thread, client, port, server, pool, route, listener } = incident
  const told = status === 0 ? 'no answer of its own was given' : `status ${status}`
  const rows: [name: string, text: string][] = [
    ['request', requestOf(incident)],
    ['client', `${client} port ${port}`],
    ['when', `${time}, thread ${thread}`],
    [
      'came to',
      [`listener ${listener}`, named('route', route), named('pool', pool), named('server', server)]
        .filter((one) => one !== '')
        .join(', '),
    ],
    ['gate', diagnosis.gate],
    ['limit', figures(incident)],
    [
      'setting',
      diagnosis.setting === null
        ? ''
        : `${diagnosis.setting}${diagnosis.place === null ? '' : ` at ${diagnosis.place}`}`,
    ],
    ['detail', diagnosis.detail ?? ''],
    ['times', timesOf(incident)],
    ['in use', inUse(incident)],
    ['retries', retriesOf(incident)],
    ['end code', incident.end],
  ]
  const shown = rows.filter(([, text]) => text !== '')
  const label = Math.max(...shown.map(([name]) => name.length))
  return [
    `${paint('bold', incident.incident)}  ${paint('red', cause)}, ${told}`,
    '',
    ...wrapped(diagnosis.advice, width),
    '',
    ...shown.flatMap(([name, text]) => {
      const [first = '', ...more] = wrapped(printable(text), width - label - 4)
      return [
        `  ${paint('dim', name.padEnd(label))}  ${first}`,
        ...more.map((line) => `${' '.repeat(label + 4)}${line}`),
      ]
    }),
    '',
    ...wrapped(`The error page said: ${sentence}`, width),
  ]
}

function requestOf({ method, target, version, host }: Incident): string {
  if (method === '' && target === '') return 'none was read: the connection was turned away'
  return `${method} ${target}${version === '' ? '' : ` HTTP/${version}`}${host === '' ? '' : ` for ${host}`}`
}

function named(kind: string, name: string | null): string {
  return name === null ? '' : `${kind} ${name}`
}

/** Limits of time are in ms, all others are counts or bytes. */
function figures({ cause, diagnosis: { limit, observed, limitBy } }: Incident): string {
  const shown = (n: number): string => (/timeout$|^tunnel_idle$/.test(cause) ? took(n) : n.toLocaleString('en'))
  const whose = limitBy === null || limitBy === 'configured' ? '' : ` (by ${limitBy})`
  return [limit === null ? '' : shown(limit) + whose, observed === null ? '' : `observed ${shown(observed)}`]
    .filter((one) => one !== '')
    .join(', ')
}

/** What was never reached is left out. */
function timesOf(incident: Incident): string {
  const { headerMs, queueMs, connectMs, firstByteMs, totalMs } = incident
  const times: [string, number | null][] = [
    ['head', headerMs],
    ['waiting', queueMs],
    ['connect', connectMs],
    ['first byte', firstByteMs],
    ['total', totalMs],
  ]
  return times.flatMap(([name, ms]) => (ms === null ? [] : [`${name} ${took(ms)}`])).join(', ')
}

function took(ms: number): string {
  return ms < 1000 ? `${Math.round(ms * 10) / 10} ms` : duration(Math.round(ms))
}

function inUse({ listenerInUse, poolInUse, serverInUse, queueLength }: Incident): string {
  const counts: [string, number][] = [
    ['listener', listenerInUse],
    ['pool', poolInUse],
    ['server', serverInUse],
    ['queue', queueLength],
  ]
  return counts.flatMap(([name, n]) => (n === 0 ? [] : [`${name} ${n.toLocaleString('en')}`])).join(', ')
}

function retriesOf({ retries, redispatched }: Incident): string {
  if (retries === 0) return ''
  return `${retries}${redispatched ? ', the last at another server' : ''}`
}

/** Text of visitors may not move the cursor or colour the terminal. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

/** Lines of at most `width`, broken at spaces; a word that is longer has a line of its own. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > Math.max(width, 20)) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
