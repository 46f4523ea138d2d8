// Which Node Headgate runs on. Plain ES2020 without imports: an old Node has to be able to read it.

/** True below 24.15, the oldest Node that Headgate runs on at all. */
export function isTooOld(version) {
  return isBefore(version, [24, 15, 0])
}

/** True for a Node outside the range that package.json has under "engines": its vulnerabilities are public. */
export function isVulnerable(version) {
  const [major] = numbersOf(version)
  return major === 24 ? isBefore(version, [24, 22, 1]) : isBefore(version, [26, 12, 1])
}

/** What to say of such a Node, in one line. */
export function warningFor(version) {
  return (
    `warning: this is Node ${version}, which has published vulnerabilities. ` +
    'Use 26.12.1 or newer, or 24.22.1 or newer of the 24 line: https://nodejs.org'
  )
}

function isBefore(version, floor) {
  const numbers = numbersOf(version)
  for (let i = 0; i < floor.length; i++) {
    if (numbers[i] !== floor[i]) return numbers[i] < floor[i]
  }
  return false
}

function numbersOf(version) {
  return version.split(/[.-]/).slice(0, 3).map(Number)
}
