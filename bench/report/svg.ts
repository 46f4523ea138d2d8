/** As much of SVG as a chart needs. */

/** An element with its attributes, and with what is in it: markup, that is, elements and escaped text. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  ...content: readonly string[]
): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeXml(text(value))}"`)
  const inside = content.join('')
  return inside === '' ? `<${name}${written.join('')}/>` : `<${name}${written.join('')}>${inside}</${name}>`
}

/** Text in an element: `&`, `<` and what else has a meaning is escaped. */
export function escapeXml(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

/** Writes text into a picture. `anchor`: which end of it is at x. */
export function write(x: number, y: number, value: string, anchor: 'start' | 'middle' | 'end', more = {}): string {
  return element('text', { x, y, 'text-anchor': anchor, ...more }, escapeXml(value))
}

/** A whole picture on a white ground, so that it can be read on any page. */
export function picture(width: number, height: number, title: string, ...content: readonly string[]): string {
  const frame = {
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `0 0 ${text(width)} ${text(height)}`,
    width,
    height,
    role: 'img',
    'font-family': 'system-ui, sans-serif',
    'font-size': 12,
    fill: '#24292f',
  }
  const ground = element('rect', { width, height, fill: '#fff', rx: 6 })
  return `${element('svg', frame, element('title', {}, escapeXml(title)), ground, ...content.map((one) => `\n${one}`))}\n`
}

/** A number as short as it may be. */
function text(value: string | number): string {
  return typeof value === 'string' ? value : String(Math.round(value * 100) / 100)
}
