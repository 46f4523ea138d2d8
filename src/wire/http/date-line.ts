/** The Date field (RFC 9110 §6.6.1), made once per second. */
import { type FieldLine, FieldName } from './edits.ts'

const DATE = new FieldName('Date')
let last: FieldLine = DATE.line('')

/** @param date as httpDate makes it */
export function dateLine(date: string): FieldLine {
  if (date !== last.value) last = DATE.line(date)
  return last
}
