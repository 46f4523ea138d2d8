/** State has one owner: no file assigns fields of another's objects; it calls a method, or replaces the value. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lineAt, scan } from './scan.ts'
import { sources } from './tree.ts'

/**
 * Files that assign fields of objects other than `this`, each with its reason. Values named `into` are made to be filled by
 * the function that gets them, and need no exception.
 */
const exceptions: Readonly<Record<string, string>> = {
  'src/base/wheel.ts': 'timers are the links of the wheel’s own lists',
  'src/cache/freshness/freshness.ts': 'the functions of one value, in its own file',
  'src/cache/object/stored-object.ts': 'a draft is told its kind through the setter of the store',
  'src/cache/purge/latest.ts': 'the functions of one value, in its own file',
  'src/cli/demo/crowd.ts': 'a tally is a plain value of the demo',
  'src/cli/demo/shop.ts': 'a setting of Node’s server',
  'src/cli/main.ts': 'an environment variable for libraries',
  'src/config/read-json.ts': 'where a sticky regular expression starts',
  'src/config/read-yaml.ts': 'where a sticky regular expression starts, and a node of the tree just read',
  'src/config/tokens.ts': 'where a sticky regular expression starts',
  'src/exchange/cache/coded-forms.ts': 'a draft is told its kind through the setter of the store',
  'src/exchange/cache/fill.ts': 'a window of the store tells its writer of room',
  'src/exchange/cache/refresh-results.ts': 'records of this file, handed out as copies',
  'src/exchange/cache/revalidate.ts': 'a fill tells its maker of its end',
  'src/exchange/cache/store-answer.ts': 'a fill tells its maker of its end; a draft is told its kind',
  'src/exchange/exchange.ts': 'an exchange makes another one',
  'src/exchange/tenure.ts': 'a tenure takes over from another one',
  'src/gate/gate.ts': 'the fields of a waiter are the gate’s, see waiter.ts',
  'src/gate/waiter-list.ts': 'waiters are the links of the gate’s own list',
  'src/net/http1/origin-connector.ts': 'an array is emptied',
  'src/net/listen/idle-clients.ts': 'idle clients are the links of this list',
  'src/net/listen/listener.ts': 'Node’s handle, taken in this one place',
  'src/net/transport/direct-handle.ts': 'requests of Node’s handles',
  'src/net/transport/end-of-turn.ts': 'an array is emptied',
  'src/net/transport/tcp-transport.ts': 'a socket of Node’s leads to its transport',
  'src/pool/pool-gate.ts': 'a flag that is made to be cleared by its reader, see Candidates',
  'src/pool/server.ts': 'cells of the ledger, written through their setter',
  'src/run/cache/sweeper.ts': 'records of this file',
  'src/run/data-plane.ts': 'a listener tells that it is empty; an array is emptied',
  'src/run/health/prober.ts': 'what probes find about a server is written by them alone, see server.ts',
  'src/run/supervisor.ts': 'the slots of workers are the supervisor’s records',
  'src/run/thread-gates.ts': 'records of this file',
  'src/run/worker.ts': 'where defects are reported is set once for the thread',
  'src/store/store.ts': 'a draft is told its kind',
  'src/watch/episodes/descriptor-episodes.ts': 'records of this file',
  'src/watch/episodes/episodes.ts': 'records of this file',
  'src/watch/episodes/occupancy-episodes.ts': 'records of this file',
  'src/watch/episodes/refresh-episodes.ts': 'records of this file',
  'src/watch/episodes/server-episodes.ts': 'records of this file',
  'src/watch/log/format/escape.ts': 'where a sticky regular expression starts',
  'src/wire/http/structured.ts': 'where a sticky regular expression starts',
  'src/wire/http1/request-rules.ts': 'the parser fills the head it is given',
  'src/wire/http1/request.ts': 'the parser fills the head it is given',
  'src/wire/http1/response.ts': 'the parser fills the head it is given',
  'src/wire/http1/scan.ts': 'the parser fills the head it is given',
  'src/wire/http1/target.ts': 'the parser fills the head it is given',
}

const assignment =
  /(?<![\w$.#])([\w$]+)((?:!?\??\.#?[\w$]+|!?\[[^\]\n]*\])*)\.([\w$]+)!?\s*(?:=(?![=>])|[-+|&*^/]=|\?\?=|\|\|=|&&=|\+\+|--)/g

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

test('no file assigns fields of objects that it does not own', () => {
  const found = sources()
    .filter(({ path }) => exceptions[path] === undefined)
    .flatMap(({ path, text }) => foreignAssignments(text).map((one) => `${path}:${one}`))
  assert.deepEqual(found, [])
})

test('each exception to that is still needed', () => {
  const files = new Map(sources().map(({ path, text }) => [path, text]))
  const needless = Object.keys(exceptions).filter((path) => foreignAssignments(files.get(path) ?? '').length === 0)
  assert.deepEqual(needless, [])
})

test('assignments through several fields, increments and private fields of another object are seen', () => {
  const text = [
    'x.a = 1',
    'this.#b.c += 2',
    'y.d.e++',
    'this.f = 3',
    'into.g = 4',
    'if (x.h === 5) z()',
    '(x.i) => 6',
  ].join('\n')
  assert.deepEqual(foreignAssignments(text), ['1: x.a =', '2: this.#b.c +=', '3: y.d.e++'])
})
