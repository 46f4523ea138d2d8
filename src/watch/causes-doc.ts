/** docs/causes.md, made from the table of causes: what is documented is what is answered. */
import { type Cause, causeNames, rowOf } from '../base/cause.ts'
import type { CauseRow } from '../base/cause-row.ts'

/** One part of the page: those causes for which the same person has to act. */
interface Section {
  readonly title: string
  readonly intro: string
  readonly of: (row: CauseRow) => boolean
}

const sections: readonly Section[] = [
  {
    title: 'Headgate turned it away',
    intro:
      'A limit was reached, or nothing was there to send it to. The operator has to act: raise the limit, line up more, or add capacity. These answers carry `Retry-After`, different for each client, so that a crowd does not come back as one.',
    of: (row) => row.by === 'self' && row.shed,
  },
  {
    title: 'The server failed',
    intro:
      'Headgate let the request in, and the server did not answer it. Whoever runs the server has to act. Never answered with the status of a refusal, so that the two can be told apart by the status alone.',
    of: (row) => row.by === 'server',
  },
  {
    title: 'The client has to act',
    intro:
      'The request could not be understood, is not taken here, or its client was too slow or left. No server saw it, or saw only a part of it.',
    of: (row) => row.by === 'client',
  },
  {
    title: 'Headgate failed',
    intro: 'A defect of Headgate itself.',
    of: (row) => row.by === 'self' && !row.shed,
  },
]

const retries: { readonly [R in CauseRow['retry']]: string } = {
  never: 'never',
  unsent: 'if nothing was sent',
  idempotent: 'if idempotent and nothing came back',
}

/** The letters of stages, as they are in `Record.end`. */
const stages: readonly (readonly [letter: string, meaning: string, soFar: string])[] = [
  ['R', 'reading the request head', 'No server knows of the request.'],
  ['Q', 'waiting in a line', 'No server knows of the request.'],
  ['C', 'connecting to the server', 'The server may have seen a connection, not the request.'],
  ['H', 'waiting for the head of the response', 'The server has the request, or a part of it.'],
  ['D', 'passing on data', 'The client has the head of the response and perhaps a part of its body.'],
  ['L', 'sending the last bytes to the client', 'The server is done.'],
]

/** What the letters of causes stand for. A test sees to it that none is missing. */
const letters: { readonly [letter: string]: string } = {
  B: 'bad request',
  C: 'the client left',
  c: 'the client was too slow',
  D: 'no destination',
  F: 'full',
  I: 'internal',
  K: 'stopped',
  L: 'loop',
  N: 'no server',
  O: 'out of local resources',
  P: 'protocol of the response',
  Q: 'waited too long',
  R: 'refused or unreachable',
  T: 'timeout',
  X: 'cut off',
}

/** The whole page, in Markdown. */
export function causesReference(): string {
  return [
    '<!-- Made by `npm run generate` from src/base/cause.ts. Changes here are lost. -->',
    '# Causes',
    '',
    'Every exchange that is refused or fails has exactly one cause. Its name is in the access log (`cause`), in the metrics, in `Proxy-Status` (RFC 9209) and, with an incident id to find the line by, on the error page. Beside it the log line has the gate, the limit, the value that was observed, the setting with its file and line, and the advice below; `headgate ctl incident` tells the same of an id. Where streams or answers that last hold half of the slots or more, the advice names them instead: how many there are, and the age and the route of the oldest.',
    '',
    `Status \`${NONE}\`: nobody was left to answer, or the answer had begun already and was cut off, so that the client sees that it is not whole.`,
    '',
    ...sections.flatMap(section),
    ...badInput(),
    ...endCodes(),
  ].join('\n')
}

const NONE = '–'

function section({ title, intro, of }: Section): string[] {
  const rows = causeNames.filter((cause) => of(rowOf(cause)))
  return [
    `## ${title}`,
    '',
    intro,
    '',
    '| Cause | Status | `Proxy-Status` error | Letter | Tried again | What the client reads | What to do |',
    '|---|---|---|---|---|---|---|',
    ...rows.map((cause) => {
      const row = rowOf(cause)
      const error = row.proxyStatus === null ? NONE : `\`${row.proxyStatus}\``
      const read = row.status === 0 ? NONE : row.sentence
      return tableRow([`\`${cause}\``, statusOf(row), error, `\`${row.letter}\``, retries[row.retry], read, row.advice])
    }),
    '',
  ]
}

/** By status, as one looks it up who has a client and its answer before him. */
function badInput(): string[] {
  const bad = causeNames.filter((cause) => rowOf(cause).letter === 'B')
  const byStatus = Map.groupBy(bad, (cause) => rowOf(cause).status)
  const rows = [...byStatus].toSorted(([a], [b]) => a - b)
  return [
    '## What bad input gets',
    '',
    'Headgate reads HTTP/1 strictly and has no lenient mode: what two programs could read in two ways is refused, and where nobody can tell any more where the next request would begin, the connection is closed after the answer. Of a request whose head is bad no server sees anything; a body that turns out bad later is broken off at both ends.',
    '',
    '| Status | Cause | What is wrong |',
    '|---|---|---|',
    ...rows.flatMap(([, causes]) =>
      causes.map((cause: Cause) => tableRow([statusOf(rowOf(cause)), `\`${cause}\``, rowOf(cause).sentence])),
    ),
    '',
  ]
}

function endCodes(): string[] {
  const used = [...new Set(causeNames.map((cause) => rowOf(cause).letter))].toSorted((a, b) => a.localeCompare(b, 'en'))
  return [
    '## End codes',
    '',
    'The field `end` of the access log is two letters: that of the cause, and that of the stage the exchange was in. `--` is an exchange that went well. So `QQ` waited in a line until its time was over, `TH` is a server that took too long to answer, `XD` one that broke off within the body, and `CQ` somebody who did not want to wait any longer.',
    '',
    '| First letter | Meaning | Causes |',
    '|---|---|---|',
    ...used.map((letter) => {
      const causes = causeNames.filter((cause) => rowOf(cause).letter === letter)
      return tableRow([`\`${letter}\``, letters[letter] ?? NONE, causes.map((cause) => `\`${cause}\``).join(', ')])
    }),
    '',
    '| Second letter | Stage | What is certain |',
    '|---|---|---|',
    ...stages.map(([letter, meaning, soFar]) => tableRow([`\`${letter}\``, meaning, soFar])),
    '',
    'The timers of the line tell how long each stage took. One that was never reached is `null` in JSON and `-1` in a template.',
    '',
  ]
}

function statusOf(row: CauseRow): string {
  return row.status === 0 ? NONE : String(row.status)
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
}
