#!/usr/bin/env node
// The door of the command line. Plain ES2020 on purpose: an old Node has to be able to read it, so that it can start
// the newer Node that was installed beside Headgate, or say in one line what is missing.
import { spawn } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import module from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isTooOld, isVulnerable, warningFor } from './node-version.js'

const require = module.createRequire(import.meta.url)
/** Exit status of sysexits' EX_UNAVAILABLE: this runtime cannot run Headgate. */
const EX_UNAVAILABLE = 69

// The kernel drops a signal to process 1 of a container that it has no handler for: until there is one, this ends it.
if (process.pid === 1) for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => endUnlessHeeded(signal))

const current = process.versions.node
const bundled = isVulnerable(current) ? bundledNode() : null
if (bundled !== null && (isTooOld(current) || !isVulnerable(bundled.version))) rerun(bundled.node)
else if (isTooOld(current)) refuse()
else await run()

function endUnlessHeeded(signal) {
  if (process.listenerCount(signal) === 1) process.exit(128 + constants.signals[signal])
}

async function run() {
  // Said once, by the command that serves strangers.
  if (isVulnerable(current) && process.argv[2] === 'run') process.stderr.write(`${warningFor(current)}\n`)
  if (module.enableCompileCache) module.enableCompileCache()
  // A checkout has the sources and runs them as they are; the published package has only what was compiled from them.
  const sources = new URL('../src/cli/main.ts', import.meta.url)
  const entry = existsSync(fileURLToPath(sources)) ? sources : new URL('../dist/cli/main.js', import.meta.url)
  const { main } = await import(entry.href)
  process.exitCode = await main(process.argv.slice(2))
}

function refuse() {
  process.stderr.write(
    `headgate needs Node 24.15 or newer, and this is ${current}. Install Node 26 from https://nodejs.org, ` +
      `or reinstall headgate without --omit=optional.\n`,
  )
  process.exitCode = EX_UNAVAILABLE
}

/** Runs this file again under the Node that came as a platform package, and ends as that run ends. */
function rerun(node) {
  const args = [...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2)]
  const child = spawn(node, args, { stdio: 'inherit' })
  // A terminal sends SIGINT and SIGHUP to both processes, so the other may see them twice; src/cli/signals.ts knows.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2']) process.on(signal, () => child.kill(signal))
  // As src/cli/parent.ts does it: the shell of npm is the parent of this process, not of the other.
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    child.kill('SIGTERM')
  }, 250).unref()
  if (process.env.npm_lifecycle_event === undefined) clearInterval(watch)
  child.on('error', (error) => {
    process.stderr.write(`headgate could not start ${node}: ${error.message}\n`)
    process.exitCode = EX_UNAVAILABLE
  })
  child.on('exit', (code, signal) => {
    process.exitCode = signal === null ? code : 128 + constants.signals[signal]
  })
}

/** The Node of the platform package, unless it is the one that runs now; its version is that of its package. */
function bundledNode() {
  const platform = `${process.platform}-${process.arch}`
  for (const name of [`node-${platform}`, `node-bin-${platform}`]) {
    try {
      const found = require.resolve(`${name}/package.json`)
      const node = join(dirname(found), 'bin', 'node')
      if (!existsSync(node) || realpathSync(node) === realpathSync(process.execPath)) continue
      return { node, version: require(found).version }
    } catch {
      // Not installed; perhaps under the other name.
    }
  }
  return null
}
