import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readOptions } from './options.ts'
import { otherHeadgate } from './peers/headgate.ts'
import { choose, groups, quick } from './workloads.ts'

test('a quick run has fewer and shorter rounds, unless it is told how many', () => {
  assert.deepEqual([readOptions([]).rounds, readOptions([]).seconds], [5, 3])
  assert.equal(readOptions(['--quick']).rounds, 1)
  assert.equal(readOptions(['--quick', '--rounds', '3']).rounds, 3)
})

test('a number that is none is refused with a sentence', () => {
  assert.throws(() => readOptions(['--rounds', 'many']), /--rounds takes a number above 0, not many/)
  assert.throws(() => readOptions(['--seconds', '0']), /--seconds/)
})

test('a workload is chosen by its name, several by the name of their group', () => {
  const names = (...chosen: string[]) => choose(chosen).flatMap(({ workloads }) => workloads.map(({ name }) => name))
  assert.deepEqual(names('small', 'routes-1000'), ['small', 'routes-1000'])
  assert.deepEqual(names('threads'), ['threads-1', 'threads-2'])
  assert.throws(() => choose(['smal']), /no workload smal/)
})

test('no two workloads have the same name, and those of a quick run exist', () => {
  const all = groups.flatMap(({ workloads }) => workloads.map(({ name }) => name))
  assert.equal(new Set(all).size, all.length)
  assert.deepEqual(
    [...quick].filter((name) => !all.includes(name)),
    [],
  )
})

test('another checkout takes part under a name of its own, and a folder without Headgate is refused', () => {
  const root = fileURLToPath(new URL('..', import.meta.url))
  assert.equal(readOptions(['--against', root]).against, root)
  assert.equal(otherHeadgate(root).name, 'other')
  assert.throws(() => otherHeadgate(join(root, 'docs')), /--against takes a checkout of Headgate/)
})
