/** The Node that Headgate takes, warns of and refuses is the one that package.json names. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

const root = new URL('../../', import.meta.url)
const text = (path: string): string => readFileSync(new URL(path, root), 'utf8')

interface NodeVersion {
  isTooOld(version: string): boolean
  isVulnerable(version: string): boolean
  warningFor(version: string): string
}
const { isTooOld, isVulnerable, warningFor } = (await import(new URL('bin/node-version.js', root).href)) as NodeVersion

const { engines, optionalDependencies } = JSON.parse(text('package.json')) as {
  engines: { node: string }
  optionalDependencies: Record<string, string>
}

test('a Node with published vulnerabilities is told from one without, in both lines', () => {
  for (const version of ['24.22.1', '24.23.0', '26.12.1', '26.13.0', '27.0.0']) {
    assert.ok(!isVulnerable(version), version)
    assert.ok(!isTooOld(version), version)
  }
  // Node 25 has come to its end without the repairs.
  for (const version of ['24.15.0', '24.22.0', '25.9.0', '26.0.0', '26.10.0', '26.12.0']) {
    assert.ok(isVulnerable(version), version)
    assert.ok(!isTooOld(version), version)
  }
  for (const version of ['18.20.0', '20.20.2', '22.12.0', '24.14.9']) assert.ok(isTooOld(version), version)
})

test('what is warned of is what npm warns of by "engines", and the files of version managers name no such Node', () => {
  assert.equal(engines.node, '>=24.22.1 <25 || >=26.12.1')
  for (const file of ['.nvmrc', '.node-version']) assert.ok(!isVulnerable(text(file).trim()), file)
  assert.match(
    warningFor('26.10.0'),
    /^warning: this is Node 26\.10\.0, which has published vulnerabilities\. Use 26\.12\.1/,
  )
})

test('no platform package brings a Node that Headgate does not run on, and those of Linux bring one without known holes', () => {
  const packages = Object.entries(optionalDependencies)
  assert.equal(packages.length, 4)
  for (const [name, version] of packages) {
    assert.ok(!isTooOld(version), name)
    if (name.includes('linux')) assert.ok(!isVulnerable(version), name)
  }
})
