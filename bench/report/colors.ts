/** One colour for each of those compared, the same in all charts; told apart by the colour-blind, too. */
const colors: Readonly<Record<string, string>> = {
  headgate: '#0b6bcb',
  haproxy: '#e69f00',
  nginx: '#009e73',
  'nginx 64k': '#56b4a0',
  varnish: '#cc79a7',
  'varnish log': '#e3b3cd',
  caddy: '#8c6d46',
}

export function colorOf(who: string): string {
  return colors[who] ?? '#8a8f98'
}
