/** Finds what may have been meant by an unknown word. */

/** Words of the neighbours, without case and separators, and what they are called here. */
const synonyms: Readonly<Record<string, string>> = {
  maxconn: 'maxConnections',
  maxconns: 'maxConnections',
  workerconnections: 'maxConnections',
  limit: 'maxConnections',
  frontend: 'listeners',
  frontends: 'listeners',
  listen: 'bind',
  address: 'bind',
  port: 'bind',
  backend: 'pools',
  backends: 'pools',
  upstream: 'pools',
  upstreams: 'pools',
  defaultbackend: 'to',
  usebackend: 'to',
  proxypass: 'to',
  pool: 'to',
  target: 'to',
  url: 'address',
  host: 'address',
  hosts: 'host',
  hostname: 'host',
  servername: 'host',
  location: 'path',
  prefix: 'path',
  loadbalance: 'balance',
  algorithm: 'balance',
  lb: 'balance',
  cookie: 'sticky',
  check: 'health',
  healthcheck: 'health',
  probe: 'health',
  inter: 'interval',
  maxqueue: 'queue',
  timeout: 'timeouts',
  ttfb: 'firstByte',
  server: 'servers',
  nbthread: 'threads',
  workers: 'threads',
  log: 'accessLog',
  websocket: 'upgrade',
  poolmaxconn: 'idle',
  keepalive: 'idle',
  redispatch: 'retries',
  leastconn: 'least',
  leastconnections: 'least',
  roundrobin: 'round-robin',
  rr: 'round-robin',
  p2c: 'two-choices',
  random: 'two-choices',
  source: 'address',
  iphash: 'address',
  ip: 'address',
  uri: 'path',
  wait: 'wait',
  queue: 'wait',
  reject: 'refuse',
  clf: 'common',
}

const plain = (word: string): string => word.toLowerCase().replace(/[-_\s.]/g, '')

/** The candidate that `word` most likely stands for, or null when none is near. */
export function likely(word: string, candidates: readonly string[]): string | null {
  const wanted = plain(word)
  for (const candidate of candidates) if (plain(candidate) === wanted) return candidate
  const synonym = synonyms[wanted]
  if (synonym !== undefined && candidates.includes(synonym)) return synonym

  let best: string | null = null
  // A third of the letters may be wrong; of three letters one.
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1
  for (const candidate of candidates) {
    const distance = editDistance(wanted, plain(candidate))
    if (distance < least) {
      least = distance
      best = candidate
    }
  }
  if (best !== null || wanted.length < 3) return best
  return candidates.find((candidate) => plain(candidate).startsWith(wanted)) ?? null
}

/** What a template's problem is called in a notice: a misspelt name gets the likely one, instead of all there are. */
export function nearer(
  problem: { readonly says: string },
  known: readonly string[],
  hole: (name: string) => string,
): Said {
  const name = /^unknown name "(.*?)"/.exec(problem.says)?.[1]
  if (name === undefined) return { says: problem.says, fix: 'correct the template' }
  const near = likely(name, known)
  const fix = near === null ? `the names are ${known.join(', ')}` : `did you mean ${hole(near)}?`
  return { says: `there is no field '${name}'`, fix }
}

interface Said {
  readonly says: string
  readonly fix: string
}

/** Edits between two words: insertions, deletions, replacements, and swaps of neighbours (Damerau, restricted). */
export function editDistance(a: string, b: string): number {
  let before: number[] = []
  let above = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      let cost = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + same)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, before[j - 2]! + 1)
      row.push(cost)
    }
    before = above
    above = row
  }
  return above[b.length]!
}
