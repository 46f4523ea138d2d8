/**
 * The demo: shops that slow down when they are crowded, Headgate before two of them, and the same growing crowd at
 * both doors. What is shown is measured: the shops, the visitors and the gate are real, on this machine's own ports.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Stage } from './demo/demo-stage.ts'
import { draw } from './demo/picture.ts'
import { statusLine, summary } from './demo/report.ts'
import { isLive, Screen } from './demo/screen.ts'
import { heed } from './signals.ts'
import { startFailure } from './start-failure.ts'
import { paintFor } from './style.ts'

export interface DemoOptions {
  readonly seconds: number
  /** Port of the gate; 0: any free one. */
  readonly port: number
}

/** How often visitors come, the picture changes, and a line is printed where there is no picture, in ms. */
const step = 10
const pictureEvery = 200
const lineEvery = 2000

/** Runs the demo to its end, or to Ctrl-C. Resolves to the exit status. */
export async function demo({ seconds, port }: DemoOptions): Promise<number> {
  const ended = new AbortController()
  using _signals = heed({ stop: () => ended.abort() })
  let opened: Stage
  try {
    opened = await Stage.open(seconds, port)
  } catch (error) {
    const said = startFailure(error)
    if (said === null) throw error
    process.stderr.write(`${said}\n`)
    return 1
  }
  await using stage = opened
  if (isLive(process.stdout, process.env)) await watch(stage, ended.signal)
  else await follow(stage, ended.signal)
  say(summary(stage.result(), paintFor(process.stdout)))
  return 0
}

/** Plays it as a picture that changes. */
async function watch(stage: Stage, ended: AbortSignal): Promise<void> {
  using screen = new Screen(process.stdout)
  const paint = paintFor(process.stdout)
  await play(stage, pictureEvery, ended, (now) => screen.show(draw(stage.frame(now), screen.width, paint)))
}

/** Plays it as lines for a log. */
async function follow(stage: Stage, ended: AbortSignal): Promise<void> {
  await play(stage, lineEvery, ended, (now) => say([statusLine(stage.frame(now))]))
}

async function play(stage: Stage, every: number, ended: AbortSignal, show: (now: number) => void): Promise<void> {
  let shown = -Infinity
  for (let now = performance.now(); !ended.aborted && !stage.isOver(now); now = performance.now()) {
    stage.advance(now)
    if (now - shown >= every) {
      shown = now
      show(now)
    }
    await sleep(step)
  }
}

function say(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`)
}
