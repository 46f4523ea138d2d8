// A shop and its API behind one listener: two servers that can handle 500 requests at once each, a short queue in front
// of them, and an API that must not take more than its share; pages for everybody come from the cache.
// Try it: headgate check examples/headgate.config.ts
import { defineConfig } from 'headgate/config'

const shopServer = { maxConnections: 500, weight: 1 }

export default defineConfig(({ env }) => ({
  listeners: {
    web: {
      bind: env.LISTEN ?? ':8080',
      // Far more than the 1,250 requests that fit at the servers and in the queues: most clients are idle at any moment.
      maxConnections: 5000,
      trustedProxies: ['loopback'],
    },
  },
  pools: {
    shop: {
      servers: [
        { address: '192.168.1.10:80', ...shopServer },
        { address: '192.168.1.11:80', ...shopServer },
        { address: '192.168.1.12:80', ...shopServer, backup: true },
      ],
      balance: 'least',
      sticky: 'shop-server',
      queue: { max: 200, timeout: '2s' },
      timeouts: { connect: '1s', firstByte: '60s', betweenBytes: '30s' },
      health: { http: '/healthz', interval: '2s', rise: 2, fall: 3 },
    },
  },
  routes: [
    {
      to: 'shop',
      // What the servers let be shared is stored. Who has a cart or looks at one is not answered from there.
      cache: {
        grace: '10s',
        key: { query: { without: ['utm_*'] } },
        bypass: { cookies: ['cart'], paths: ['/cart'] },
      },
    },
    { name: 'api', path: '/api', to: 'shop', maxConnections: 200, queue: { max: 50, timeout: '1s' } },
  ],
}))
