/** The configurations that `headgate init` writes: what nearly every site needs, and what most look for as comments. */

/** The text for a file with this ending; null for an ending that no configuration has. */
export function startingPoint(ending: string): string | null {
  switch (ending) {
    case '.ts':
    case '.mts':
    case '.js':
    case '.mjs':
      return script
    case '.yaml':
    case '.yml':
      return yaml
    case '.json':
      return json
    default:
      return null
  }
}

const script = `// The configuration of Headgate. Look it over with "headgate check", start it with "headgate run".
// Times are texts such as '500ms', '2s', '1h30m'; sizes such as '64KB', '10MiB'.
import { defineConfig } from 'headgate/config'

export default defineConfig({
  // Where clients connect.
  listeners: {
    web: {
      bind: ':8080',
      // Client connections at once, idle ones included. What comes beyond gets 503 at once; 'wait' holds it in a line.
      // maxConnections: 10_000,
      // whenFull: 'wait',
      // Proxies before this one, whose X-Forwarded-For is believed.
      // trustedProxies: ['10.0.0.0/8'],
    },
  },

  // Groups of servers that do the same work.
  pools: {
    app: {
      servers: [
        // maxConnections: as many requests at once as the server answers well. Never more of them are sent to it.
        { address: '127.0.0.1:3000', maxConnections: 100 },
        // { address: '127.0.0.1:3001', maxConnections: 100 },
      ],
      // The order in which servers are asked: 'round-robin', 'least', 'two-choices', 'first', or { hash: 'address' }.
      // balance: 'least',
      // What comes when all servers are full waits here, for so long. Beyond that it is refused with 503.
      queue: { max: 200, timeout: '2s' },
      // timeouts: { connect: '2s', firstByte: '60s', betweenBytes: '30s' },
      // Asks every server regularly how it is, and passes over those that are down.
      // health: { http: '/healthz', interval: '2s' },
    },
  },

  // Which requests go to which pool; the most specific route wins.
  routes: [
    {
      to: 'app',
      // Answers that the server lets be shared are stored, and given away up to 10 s stale while they are fetched anew.
      // cache: { grace: '10s' },
    },
    // { host: 'api.example.com', path: '/v1', to: 'app', maxConnections: 50 },
  ],

  // One line per request: 'stdout', a file, or false for none.
  accessLog: 'stdout',
})
`

const yaml = `# yaml-language-server: $schema=node_modules/headgate/dist/config/schema.json
# The configuration of Headgate. Look it over with "headgate check", start it with "headgate run".
# Times are texts such as 500ms, 2s, 1h30m; sizes such as 64KB, 10MiB. \${PORT:-8080} reads the environment.

# Where clients connect.
listeners:
  web:
    bind: ':8080'
    # Client connections at once, idle ones included. What comes beyond gets 503 at once; "wait" holds it in a line.
    # maxConnections: 10000
    # whenFull: wait
    # Proxies before this one, whose X-Forwarded-For is believed.
    # trustedProxies: [10.0.0.0/8]

# Groups of servers that do the same work.
pools:
  app:
    servers:
      # maxConnections: as many requests at once as the server answers well. Never more of them are sent to it.
      - address: 127.0.0.1:3000
        maxConnections: 100
      # - address: 127.0.0.1:3001
      #   maxConnections: 100
    # The order in which servers are asked: round-robin, least, two-choices, first, or { hash: address }.
    # balance: least
    # What comes when all servers are full waits here, for so long. Beyond that it is refused with 503.
    queue: { max: 200, timeout: 2s }
    # timeouts: { connect: 2s, firstByte: 60s, betweenBytes: 30s }
    # Asks every server regularly how it is, and passes over those that are down.
    # health: { http: /healthz, interval: 2s }

# Which requests go to which pool; the most specific route wins.
routes:
  - to: app
    # Answers that the server lets be shared are stored, and given away up to 10 s stale while they are fetched anew.
    # cache: { grace: 10s }
  # - { host: api.example.com, path: /v1, to: app, maxConnections: 50 }

# One line per request: stdout, a file, or false for none.
accessLog: stdout
`

const json = `{
  "$schema": "./node_modules/headgate/dist/config/schema.json",
  "listeners": {
    "web": { "bind": ":8080" }
  },
  "pools": {
    "app": {
      "servers": [{ "address": "127.0.0.1:3000", "maxConnections": 100 }],
      "queue": { "max": 200, "timeout": "2s" }
    }
  },
  "routes": [{ "to": "app" }],
  "accessLog": "stdout"
}
`
