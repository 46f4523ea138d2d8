import assert from 'node:assert/strict'
import { it } from 'node:test'
import { configFrom } from '../../config/native.ts'
import { Routes } from './route.ts'

/** The routes of the listener `web`. */
function routes(
  ...written: readonly Record<string, unknown>[]
): Routes<{ config: ReturnType<typeof configFrom>['routes'][number] }> {
  const { routes } = configFrom({
    listeners: { web: { bind: ':0' }, inside: { bind: ':1' } },
    pools: { app: { servers: ['a:1'] } },
    routes: written.map((route) => ({ to: 'app', ...route })),
  } as unknown as Parameters<typeof configFrom>[0])
  return new Routes(
    routes.map((config) => ({ config })),
    'web',
  )
}

it('takes the most specific route: host before wildcard before any, then the longest path by whole segments', () => {
  const all = routes(
    { name: 'any' },
    { name: 'api', path: '/api/v1' },
    { name: 'one', host: 'one.test', path: '/one' },
    { name: 'below', host: '*.one.test', path: '/api' },
    { name: 'deep', host: '*.a.one.test' },
    { name: 'inside', path: '/inside', listeners: ['inside'] },
  )
  const of = (host: string, path: string): string | undefined => all.match(host, path)?.config.name
  for (const path of ['/', '/api', '/api/v12', '/api/v1x/y', '/?/api/v1', '/inside', '/a'.repeat(4000)])
    assert.equal(of('x.test', path), 'any', path)
  for (const path of ['/api/v1', '/api/v1/', '/api/v1/x/y', '/api/v1?x']) assert.equal(of('x.test', path), 'api', path)
  assert.equal(of('one.test', '/one/x'), 'one')
  assert.equal(of('one.test', '/api/v1/x'), 'api')
  assert.equal(of('b.one.test', '/api/v1'), 'below')
  assert.equal(of('b.a.one.test', '/api'), 'deep')
  assert.equal(routes({ path: '/a' }).match('x.test', '/'), null)
})

it('knows which requests a server may take for those of a route that caches otherwise', () => {
  const all = routes(
    { name: 'pages', cache: true },
    { name: 'account', path: '/account' },
    { name: 'shop', path: '/shop', cache: true },
    { name: 'private', host: 'one.test', path: '/über' },
  )
  const strays = (path: string, host = 'x.test'): boolean => all.strays(all.match(host, path)!, host, path)
  for (const path of ['/accoun%74', '/account;x/y?z', '/x/..%2f/account', '/shop/../account', '//account'])
    assert.equal(strays(path), true, path)
  for (const path of ['/', '/x', '/%61', '/sho%70', '/shop/../x', '/accoun%74ing', '/?/../account', '/%C3%BCber'])
    assert.equal(strays(path), false, path)
  for (const path of ['/%C3%BCber', '/%c3%bcber/x']) assert.equal(strays(path, 'one.test'), true, path)
  assert.equal(strays('/%C3%BCbe', 'one.test'), false)
})

it('takes a path that may mean two other routes for the one that does not cache', () => {
  const all = routes({ cache: true }, { path: '/a;b', cache: true }, { path: '/a' })
  assert.equal(all.strays(all.match('x.test', '/%61')!, 'x.test', '/%61'), true)
  // The path of the route itself is meant as it is written.
  assert.equal(all.strays(all.match('x.test', '/a;b/c')!, 'x.test', '/a;b/c'), false)
})

it('sees no difference where no path makes one', () => {
  const all = routes({ host: 'one.test', cache: true }, {})
  assert.equal(all.strays(all.match('one.test', '/x/..%2fy')!, 'one.test', '/x/..%2fy'), false)
})

it('takes an odd path too long to read for one that strays, and one without oddities for none, however long', () => {
  const all = routes({ cache: {} }, { path: '/account' })
  const strays = (path: string): boolean => all.strays(all.match('x.test', path)!, 'x.test', path)
  assert.equal(strays(`/${'%20'.repeat(300)}`), false)
  assert.equal(strays(`/${'%20'.repeat(400)}`), true)
  assert.equal(strays('/a'.repeat(4000)), false)
  assert.equal(strays(`/x?${'%20'.repeat(4000)}`), false)
})
