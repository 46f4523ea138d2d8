import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shareCores } from './cores.ts'
import { busyOf, coresOf, cpuOf, memoryOf, pssOf, rssOf, treeOf, usageOf } from './proc.ts'

// utime 250, stime 1250, cutime 3, cstime 7.
const rest = 'S 1 4242 4242 0 -1 4194560 900 0 0 0 250 1250 3 7 20 0 12 0 5000 10706976 30228 18446744073709551615'

test('CPU time is that of the process and of the children that it waited for', () => {
  assert.equal(cpuOf(`4242 (haproxy) ${rest}`), 1510 * 10_000)
})

test('a process may have spaces and parentheses in its name', () => {
  assert.equal(cpuOf(`4242 (nginx: (worker) R 1) ${rest}\n`), 1510 * 10_000)
})

test('a process that is gone has used nothing', () => {
  assert.equal(cpuOf(''), 0)
  assert.equal(rssOf(''), 0)
  assert.equal(pssOf(''), 0)
})

test('resident memory is read in kB and given in bytes', () => {
  assert.equal(rssOf('Name:\tnginx\nVmHWM:\t   9000 kB\nVmRSS:\t   7496 kB\nThreads:\t1\n'), 7496 * 1024)
})

test('of pages that several processes share each has its part', () => {
  assert.equal(pssOf('55d0-7ffd ---p 0 [rollup]\nRss:  9000 kB\nPss:   4100 kB\nPss_Anon: 20 kB\n'), 4100 * 1024)
  assert.ok(memoryOf([process.pid]) > 1e6)
})

test('the machine is busy with all but idling and waiting', () => {
  assert.equal(busyOf('cpu  100 10 1000 77777 8888 1 20 5 0 0\ncpu0 1 2 3 4 5 6 7 0 0 0\n'), 1131 * 10_000)
})

test('a list of processors may have ranges and gaps', () => {
  assert.deepEqual(coresOf('0'), [0])
  assert.deepEqual(coresOf('0-2,5,7-8\n'), [0, 1, 2, 5, 7, 8])
})

test('a proxy has cores to itself where as many are left for the load', () => {
  assert.deepEqual(shareCores([0, 1], 1), { proxy: '1', load: '0' })
  assert.deepEqual(shareCores([0, 1, 2, 3, 4], 2), { proxy: '3,4', load: '0,1,2' })
  assert.deepEqual(shareCores([0, 1, 2], 2), { proxy: null, load: null })
  assert.deepEqual(shareCores([], 1), { proxy: null, load: null })
})

test('this process is in its own tree and takes up memory', { skip: process.platform !== 'linux' }, () => {
  assert.equal(treeOf(process.pid)[0], process.pid)
  assert.ok(usageOf([process.pid]).rss > 1e6)
})
