/** The worker's file beside this one: TypeScript in the sources, JavaScript in the package. */
export function workerFile(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url)
}
