/**
 * The built-in error page: one self-contained document, readable at 320 px, in light and dark, without scripts. It does
 * not reload by itself: a crowd of pages that all come back at the same second is what filled the gate in the first place.
 */

const style = `
:root{color-scheme:light dark;--ink:#1f2933;--soft:#5b6875;--line:#d9dfe5;--back:#f6f8f9;--card:#fff;--mark:#2f6f6a}
@media(prefers-color-scheme:dark){:root{--ink:#e6eaee;--soft:#9aa6b2;--line:#333c46;--back:#14181c;--card:#1c2228;--mark:#6fb8b1}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1rem;background:var(--back);color:var(--ink);font:1rem/1.6 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{width:100%;max-width:34rem;padding:clamp(1.25rem,5vw,2.5rem);background:var(--card);border:1px solid var(--line);border-top:4px solid var(--mark);border-radius:.5rem}
.s{margin:0;color:var(--soft);font-size:.9rem}
h1{margin:.4rem 0 0;font-size:clamp(1.2rem,4.5vw,1.5rem);line-height:1.35;font-weight:600;overflow-wrap:anywhere}
.t{margin:.8rem 0 0}
.r{margin:1.6rem 0 0;padding-top:.9rem;border-top:1px solid var(--line);color:var(--soft);font-size:.85rem;overflow-wrap:anywhere}
code{font:inherit;font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;color:var(--ink);user-select:all}
`
  .trim()
  .replaceAll('\n', '')

/**
 * The page as a template for `incident` and `wait`. All arguments are plain text; `tryAgain` (may hold `{{wait}}`) and
 * `cause` may be empty, and are then left out.
 */
export function htmlPage(status: number, title: string, sentence: string, tryAgain: string, cause: string): string {
  const headline = escapeHtml(`${status} ${title}`)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex">
<title>${headline}</title>
<style>${style}</style>
</head>
<body>
<main>
<p class="s">${headline}</p>
<h1>${escapeHtml(sentence)}</h1>
${tryAgain === '' ? '' : `<p class="t">${escapeHtml(tryAgain)}</p>\n`}<p class="r">Incident <code>{{incident}}</code>${cause === '' ? '' : ` &middot; ${escapeHtml(cause)}`}</p>
</main>
</body>
</html>
`
}

/** Makes a text safe between tags and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`)
}
