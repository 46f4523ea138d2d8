/** The access log of one worker thread: a line for each finished exchange, in the configured format. */
import type { AccessLogConfig } from '../../config/model.ts'
import type { ExchangeRecord as Exchange } from '../../exchange/record.ts'
import { jsonFormat, type LineFormat } from './format/json.ts'
import { COMBINED, COMMON, templateFormat } from './format/log-template.ts'
import { LogFile, type LogTrouble } from './log-file.ts'
import type { FileSystem } from './log-target.ts'

/** Writes records; never waits, never throws, and loses lines rather than memory when they cannot be written. */
export class AccessLog {
  readonly #format: LineFormat
  readonly #file: LogFile

  /** `tell` hears of lost lines and failing writes, once when they begin and once when they are over. */
  constructor(config: AccessLogConfig, thread: number, tell: (trouble: LogTrouble) => void, fs?: FileSystem) {
    this.#format = formatOf(config.format, thread)
    this.#file = new LogFile(config.to, config.buffer, tell, fs)
  }

  /** Lines lost since the start. */
  get dropped(): number {
    return this.#file.dropped
  }

  write(record: Exchange): void {
    this.#file.add(this.#format(record))
  }

  /** Opens the file anew, after it was renamed for rotation. Done when the old one has its last line. */
  reopen(): Promise<void> {
    return this.#file.reopen()
  }

  /** Done when all lines so far are out, or after `within` ms. */
  flush(within?: number): Promise<void> {
    return this.#file.flush(within)
  }

  /** Writes what is left, for at most `within` ms, and closes. */
  close(within?: number): Promise<void> {
    return this.#file.close(within)
  }
}

function formatOf(format: AccessLogConfig['format'], thread: number): LineFormat {
  if (format === 'json') return jsonFormat(thread)
  if (format === 'common') return templateFormat(COMMON, thread)
  if (format === 'combined') return templateFormat(COMBINED, thread)
  return templateFormat(format.template, thread)
}
