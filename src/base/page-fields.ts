/** The placeholders of own error pages. Here, and not with the pages, because the configuration is checked against it. */
import { type TemplateProblem, unknownNames } from './template.ts'

/** Every placeholder of an own error page, with its meaning. All of them are escaped for HTML. */
export const pagePlaceholders = {
  status: 'the status, 503',
  title: 'its name, Service Unavailable',
  sentence: 'what happened, for the visitor',
  tryAgain: '"Please try again in 7 seconds." where Headgate sheds load, else nothing',
  retryAfter: 'the seconds of Retry-After, a number, where Headgate sheds load, else nothing',
  incident: 'the id to find this answer in the log',
  cause: 'the name of the cause; nothing when proxyStatus is off',
} as const satisfies Readonly<Record<string, string>>

/** A placeholder of an own error page. */
export type PagePlaceholder = keyof typeof pagePlaceholders

/** `{{name}}`, spaces allowed around the name. Other uses of braces (scripts, styles) are left alone. */
export const pageHole = /\{\{\s*([A-Za-z]\w*)\s*\}\}/g

/** What is wrong with the text of an own error page; empty when nothing is. */
export function checkPage(text: string): TemplateProblem[] {
  return unknownNames(text, pageHole, pagePlaceholders)
}
