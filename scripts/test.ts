/**
 * Runs tests: `node scripts/test.ts [file …]`; without files all of them. Beside the usual report it prints the ten slowest.
 *
 * Every test file is a process of its own, and most of them start worker threads that load the whole data plane. So the
 * compiled form of the sources is kept between them (NODE_COMPILE_CACHE), which halves what a start costs.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
const all = ['src/**/*.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts']

/** A test that takes longer hangs, ms. */
const TIMEOUT = 120_000
/** Files at once: the suite is planned for two cores. */
const AT_ONCE = 2

const files = process.argv.slice(2)
const { status } = spawnSync(
  process.execPath,
  [
    '--test',
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    '--test-reporter=./test/kit/slowest-reporter.ts',
    '--test-reporter-destination=stdout',
    `--test-concurrency=${AT_ONCE}`,
    `--test-timeout=${TIMEOUT}`,
    ...(files.length > 0 ? files : all),
  ],
  {
    cwd: root,
    stdio: 'inherit',
    env: { NODE_COMPILE_CACHE: `${root}node_modules/.cache/compile`, ...process.env },
  },
)
process.exitCode = status ?? 1
