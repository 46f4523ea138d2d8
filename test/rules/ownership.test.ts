/** State has one owner: no file assigns fields of another's objects; it calls a method, or replaces the value. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lineAt, scan } from './scan.ts'
import { sources } from './tree.ts'

/**
 * Files that assign fields of objects other than `this`: how often, and why. Values named `into` are made to be filled by
 * the function that gets them, and need no exception.
 */
const exceptions: Readonly<Record<string, readonly [count: number, reason: string]>> = {
  'src/base/wheel.ts': [17, 'timers are the links of the wheel’s own lists'],
  'src/cache/freshness/freshness.ts': [9, 'the functions of one value, in its own file'],
  'src/cache/object/stored-object.ts': [1, 'a draft is told its kind through the setter of the store'],
  'src/cache/purge/latest.ts': [3, 'the functions of one value, in its own file'],
  'src/cli/demo/crowd.ts': [1, 'a tally is a plain value of the demo'],
  'src/cli/demo/shop.ts': [1, 'a setting of Node’s server'],
  'src/cli/main.ts': [1, 'an environment variable for libraries'],
  'src/config/read-json.ts': [3, 'where a sticky regular expression starts'],
  'src/config/read-yaml.ts': [2, 'where a sticky regular expression starts, and a node of the tree just read'],
  'src/config/tokens.ts': [2, 'where a sticky regular expression starts'],
  'src/exchange/cache/coded-forms.ts': [2, 'a draft is told its kind through the setter of the store'],
  'src/exchange/cache/fill.ts': [1, 'a window of the store tells its writer of room'],
  'src/exchange/cache/refresh-results.ts': [3, 'records of this file, handed out as copies'],
  'src/exchange/cache/revalidate.ts': [1, 'a fill tells its maker of its end'],
  'src/exchange/cache/store-answer.ts': [6, 'a fill tells its maker of its end; a draft is told its kind'],
  'src/exchange/exchange.ts': [1, 'an exchange makes another one'],
  'src/exchange/retry.ts': [1, 'retries take over from others'],
  'src/exchange/tenure.ts': [2, 'a tenure takes over from another one'],
  'src/gate/gate.ts': [11, 'the fields of a waiter are the gate’s, see waiter.ts'],
  'src/gate/waiter-list.ts': [8, 'waiters are the links of the gate’s own list'],
  'src/net/http1/origin-connector.ts': [1, 'an array is emptied'],
  'src/net/listen/idle-clients.ts': [6, 'idle clients are the links of this list'],
  'src/net/listen/listener.ts': [1, 'Node’s handle, taken in this one place'],
  'src/net/transport/direct-handle.ts': [3, 'requests of Node’s handles'],
  'src/net/transport/end-of-turn.ts': [1, 'an array is emptied'],
  'src/net/transport/tcp-transport.ts': [3, 'a socket of Node’s leads to its transport'],
  'src/pool/pool-gate.ts': [1, 'a flag that is made to be cleared by its reader, see Candidates'],
  'src/pool/server.ts': [2, 'cells of the ledger, written through their setter'],
  'src/run/cache/sweeper.ts': [1, 'records of this file'],
  'src/run/data-plane.ts': [2, 'a listener tells that it is empty; an array is emptied'],
  'src/run/health/prober.ts': [2, 'what probes find about a server is written by them alone, see server.ts'],
  'src/run/supervisor.ts': [9, 'the slots of workers are the supervisor’s records'],
  'src/run/thread-gates.ts': [1, 'records of this file'],
  'src/run/worker.ts': [1, 'where defects are reported is set once for the thread'],
  'src/store/store.ts': [1, 'a draft is told its kind'],
  'src/watch/episodes/descriptor-episodes.ts': [1, 'records of this file'],
  'src/watch/episodes/episodes.ts': [10, 'records of this file'],
  'src/watch/episodes/occupancy-episodes.ts': [1, 'records of this file'],
  'src/watch/episodes/refresh-episodes.ts': [1, 'records of this file'],
  'src/watch/episodes/server-episodes.ts': [11, 'records of this file'],
  'src/watch/log/format/escape.ts': [1, 'where a sticky regular expression starts'],
  'src/wire/http/structured.ts': [1, 'where a sticky regular expression starts'],
  'src/wire/http1/request-rules.ts': [14, 'the parser fills the head it is given'],
  'src/wire/http1/request.ts': [6, 'the parser fills the head it is given'],
  'src/wire/http1/response.ts': [10, 'the parser fills the head it is given'],
  'src/wire/http1/scan.ts': [5, 'the parser fills the head it is given'],
  'src/wire/http1/target.ts': [9, 'the parser fills the head it is given'],
}

const assignment =
  /(?<![\w$.#])([\w$]+)((?:!?\??\.#?[\w$]+|\([^()\n]*\)|!?\[[^\]\n]*\])*)\.#?([\w$]+)!?\s*(?:=(?![=>])|[-+|&*^/%]=|\*\*=|<<=|>>=|\?\?=|\|\|=|&&=|\+\+|--)/g

/** Assignments to fields of anything but `this` and values named `into`. */
function foreignAssignments(text: string): string[] {
  const { code } = scan(text)
  const found: string[] = []
  for (const match of code.matchAll(assignment)) {
    const [all, root, middle] = match
    if (root === 'into' || (root === 'this' && middle === '') || isTypeName(all)) continue
    found.push(`${lineAt(text, match.index)}: ${all.trim()}`)
  }
  return found
}

/** A default value of a parameter with a type from a namespace, `NodeJS.WritableStream =`. */
function isTypeName(code: string): boolean {
  return /^[A-Z]\w*\.[A-Z]\w* *=$/.test(code.trim())
}

test('no file assigns fields of objects that it does not own, but for those that are counted here', () => {
  const found = new Map(sources().map(({ path, text }) => [path, foreignAssignments(text)]))
  const wrong: string[] = []
  for (const [path, places] of found) {
    const expected = exceptions[path]?.[0] ?? 0
    if (places.length !== expected) wrong.push(`${path}: ${places.length} instead of ${expected}: ${places.join(', ')}`)
  }
  assert.deepEqual(wrong, [])
  assert.deepEqual(
    Object.keys(exceptions).filter((path) => !found.has(path)),
    [],
  )
})

test('assignments through several fields, increments and private fields of another object are seen', () => {
  const text = [
    'x.a = 1',
    'f(1).b = 2',
    'other.#c = 3',
    'this.#b.c += 2',
    'y.d.e++',
    'this.f = 3',
    'into.g = 4',
    'if (x.h === 5) z()',
    '(x.i) => 6',
  ].join('\n')
  assert.deepEqual(foreignAssignments(text), [
    '1: x.a =',
    '2: f(1).b =',
    '3: other.#c =',
    '4: this.#b.c +=',
    '5: y.d.e++',
  ])
})
