/** `headgate init`: writes a commented configuration to start from. */
import { writeFileSync } from 'node:fs'
import { extname } from 'node:path'
import { startingPoint } from './starting-point.ts'

/** Exit statuses; see main.ts. */
const OK = 0
const FAILED = 1
const USAGE = 2

export interface InitOptions {
  /** Write over a file that is there. */
  readonly force: boolean
}

/**
 * Writes `file`, in the language that its ending names. A file that is there is left alone unless told otherwise.
 * @param out where the next command is told. @param talk where it is told what went wrong.
 * @returns the exit status.
 */
export async function init(
  file: string,
  { force }: InitOptions,
  out: NodeJS.WriteStream,
  talk: NodeJS.WritableStream = process.stderr,
): Promise<number> {
  const text = startingPoint(extname(file))
  if (text === null) {
    talk.write(`error: ${file}: the ending has to be .ts, .mts, .js, .mjs, .yaml, .yml or .json\n`)
    return USAGE
  }
  try {
    // Looked for and written in one step, so that nothing that comes in between is lost.
    writeFileSync(file, text, { flag: force ? 'w' : 'wx' })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code !== 'EEXIST') {
      talk.write(`error: ${file} could not be written: ${message}\n`)
      return FAILED
    }
    talk.write(`error: ${file} is there already. Write over it with: headgate init ${file} --force\n`)
    return USAGE
  }
  out.write(
    `Wrote ${file}. Put in the address of your server, then:\n\n  headgate check ${file}\n  headgate run ${file}\n`,
  )
  return OK
}
