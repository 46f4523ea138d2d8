#!/usr/bin/env node
// The door of the command line. Plain ES2020 on purpose: an old Node has to be able to read it, so that it can start
// the newer Node that was installed beside Headgate, or say in one line what is missing.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import module from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const require = module.createRequire(import.meta.url)
/** Exit status of sysexits' EX_UNAVAILABLE: this runtime cannot run Headgate. */
const EX_UNAVAILABLE = 69

// The kernel drops a signal to process 1 of a container that it has no handler for: until there is one, this ends it.
if (process.pid === 1) for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => endUnlessHeeded(signal))

if (isOld(process.versions.node)) rerun()
else await run()

/** True below 24.15, the oldest Node that Headgate is tested on. */
function isOld(version) {
  const [major, minor] = version.split('.').map(Number)
  return major < 24 || (major === 24 && minor < 15)
}

function endUnlessHeeded(signal) {
  if (process.listenerCount(signal) === 1) process.exit(128 + constants.signals[signal])
}

async function run() {
  if (module.enableCompileCache) module.enableCompileCache()
  // A checkout has the sources and runs them as they are; the published package has only what was compiled from them.
  const sources = new URL('../src/cli/main.ts', import.meta.url)
  const entry = existsSync(fileURLToPath(sources)) ? sources : new URL('../dist/cli/main.js', import.meta.url)
  const { main } = await import(entry.href)
  process.exitCode = await main(process.argv.slice(2))
}

/** Runs this file again under the Node that came as a platform package, and ends as that run ends. */
function rerun() {
  const node = bundledNode()
  if (node === null) {
    const found = process.versions.node
    process.stderr.write(
      `headgate needs Node 24.15 or newer, and this is ${found}. Install one from https://nodejs.org, ` +
        `or reinstall headgate without --omit=optional.\n`,
    )
    process.exitCode = EX_UNAVAILABLE
    return
  }
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

function bundledNode() {
  const platform = `${process.platform}-${process.arch}`
  for (const name of [`node-${platform}`, `node-bin-${platform}`]) {
    try {
      const node = join(dirname(require.resolve(`${name}/package.json`)), 'bin', 'node')
      if (existsSync(node)) return node
    } catch {
      // Not installed; perhaps under the other name.
    }
  }
  return null
}
