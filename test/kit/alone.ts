/**
 * A Headgate in a process of its own, so that its memory can be told from the test's. This file is both sides: the test
 * imports `headgateAlone`, the process runs it with a configuration as its argument.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { headgate } from './headgate.ts'

/** Whether this system tells how much memory a process has in use. */
export const tellsMemory: boolean = existsSync('/proc/self/status')

export interface Alone extends AsyncDisposable {
  readonly port: number
  /** Memory in use (resident), now and at most since the start, in MiB. */
  memory(): { readonly now: number; readonly peak: number }
}

/** Starts it with a written configuration, completed as `headgate` does. */
export async function headgateAlone(written: Record<string, unknown>): Promise<Alone> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), JSON.stringify(written)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const status = (name: string): number => {
    const text = readFileSync(`/proc/${child.pid}/status`, 'utf8')
    return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]) / 1024
  }
  return {
    port: Number(line),
    memory: () => ({ now: status('VmRSS'), peak: status('VmHWM') }),
    async [Symbol.asyncDispose]() {
      const gone = once(child, 'exit')
      child.stdin.end()
      await gone
    },
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const running = await headgate(JSON.parse(process.argv[2] ?? '{}'))
  process.stdout.write(`${running.port}\n`)
  // Ends with the test, however that ends.
  process.stdin.on('close', () => process.exit())
  process.stdin.resume()
}
