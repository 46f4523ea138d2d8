// Says in one line what to do when the tests would run under a Node that cannot read the sources, and warns of one that
// nobody should serve with. Plain old JavaScript.
import { isTooOld, isVulnerable, warningFor } from '../bin/node-version.js'

const current = process.versions.node
if (isTooOld(current)) {
  process.stderr.write(
    `Headgate is developed on Node 24.15 or newer, and this is ${current}. ` +
      'Run "npm ci" without --omit=optional: it installs Node 26 into node_modules, and "npm test" then uses it.\n',
  )
  process.exitCode = 1
} else if (isVulnerable(current)) process.stderr.write(`${warningFor(current)}\n`)
