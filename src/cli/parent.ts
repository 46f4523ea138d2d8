/**
 * npm and npx run a command in a shell and end at a SIGTERM together with that shell, without a word to the command: it
 * would go on with nothing to stop it, and keep its port. So a process started by them stops when that shell is gone.
 */

/** How often it is looked for, in ms. */
const every = 250

/** Whether npm, npx or a program like them has started this process. */
export function isRunByNpm(env: NodeJS.ProcessEnv): boolean {
  return env.npm_lifecycle_event !== undefined
}

/** Tells once that the parent process is gone, within a quarter of a second. It does not keep the process alive. */
export function onParentGone(gone: () => void, parentOf: () => number = () => process.ppid): Disposable {
  const parent = parentOf()
  const timer = setInterval(() => {
    if (parentOf() === parent) return
    clearInterval(timer)
    gone()
  }, every).unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}
