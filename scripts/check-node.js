// Says in one line what to do when the tests would run under a Node that cannot read the sources. Plain old JavaScript.
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 24 || (major === 24 && minor < 15)) {
  process.stderr.write(
    `Headgate is developed on Node 24.15 or newer, and this is ${process.versions.node}. ` +
      'Run "npm ci" without --omit=optional: it installs Node 26 into node_modules, and "npm test" then uses it.\n',
  )
  process.exitCode = 1
}
