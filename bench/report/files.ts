/** Where results are written and read. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Report } from '../results.ts'
import { barChart } from './bars.ts'
import { lineChart } from './lines.ts'
import { pageWith } from './page.ts'

const docs = new URL('../../docs/', import.meta.url)

/** Writes the results to a file, and the charts next to it. Returns the files that were written. */
export function writeReport(file: string, report: Report): string[] {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`)
  const stem = file.replace(/\.json$/, '')
  return [file, ...writeCharts(report, `${stem}.svg`, `${stem}-overload.svg`)]
}

/** Puts the results into the page of the documentation. Returns the files that were written. */
export function writePage(report: Report): string[] {
  const page = new URL('benchmarks.md', docs)
  const charts = { bars: 'benchmarks.svg', lines: 'overload.svg' }
  writeFileSync(page, pageWith(readFileSync(page, 'utf8'), report, charts))
  const written = writeCharts(report, new URL(charts.bars, docs), new URL(charts.lines, docs))
  return ['docs/benchmarks.md', ...written.map((file) => file.replace(docs.href, 'docs/'))]
}

/**
 * Reads earlier results; of several files the later win, workload by workload. JSON knows no NaN: what was not a number
 * is read as null, and becomes one again. Throws SyntaxError or the system's error.
 */
export function readReports(files: readonly string[]): Report {
  const [first, ...others] = files.map((file) => JSON.parse(readFileSync(file, 'utf8'), revive) as Report)
  return others.reduce(merge, first!)
}

function merge(old: Report, now: Report): Report {
  const kept = old.results.map((one) => now.results.find(({ workload }) => workload === one.workload) ?? one)
  const added = now.results.filter(({ workload }) => !old.results.some((one) => one.workload === workload))
  return {
    ...now,
    results: [...kept, ...added],
    overload: now.overload.length > 0 ? now.overload : old.overload,
  }
}

function revive(key: string, value: unknown): unknown {
  // These two mean something by null.
  return value === null && key !== 'growth' && key !== 'recovery' ? Number.NaN : value
}

function writeCharts({ results, overload }: Report, bars: string | URL, lines: string | URL): string[] {
  const written: string[] = []
  if (results.length > 0) {
    writeFileSync(bars, barChart(results))
    written.push(String(bars))
  }
  if (overload.length > 0) {
    writeFileSync(lines, lineChart(overload))
    written.push(String(lines))
  }
  return written
}
