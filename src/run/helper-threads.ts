/**
 * V8 compiles and collects on threads of its own, beside those that serve. Where no core is free the kernel lets such a
 * thread run for some 4 ms before a request has its turn again. So they get a tenth of the weight of one that serves (10
 * steps of nice, sched(7)): a request interrupts them soon, and a busy machine still gets its code compiled.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'

/** Steps of nice below the process, and the last there is. */
const STEPS = 10
const LAST = 19
const TASKS = '/proc/self/task'

/**
 * Lowers the priority of V8's threads in this process, which has to be Headgate's own; returns how many there were. 0
 * where the system has no names for threads: only Linux has.
 */
export function makeWay(): number {
  const nice = Math.min(getPriority() + STEPS, LAST)
  let found = 0
  for (const thread of tasks()) {
    try {
      if (!/V8Worker$/.test(readFileSync(`${TASKS}/${thread}/comm`, 'latin1').trim())) continue
      // To Linux a thread is a process when it comes to priorities (setpriority(2)).
      setPriority(Number(thread), nice)
      found++
    } catch {
      // It has ended, or the system does not let us: then it stays as it is.
    }
  }
  return found
}

function tasks(): string[] {
  try {
    return readdirSync(TASKS)
  } catch {
    return []
  }
}
