import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressText, readBind, readNetworks, readServer } from './address.ts'
import { Refusal } from './refusal.ts'

function refusal(read: unknown): Refusal {
  assert.ok(read instanceof Refusal, `${JSON.stringify(read)} was taken`)
  return read
}

test('an address to listen on is a port, a host with a port, or a socket', () => {
  assert.deepEqual(readBind(':8080'), { host: '', port: 8080 })
  assert.deepEqual(readBind('*:8080'), { host: '', port: 8080 })
  assert.deepEqual(readBind(8080), { host: '', port: 8080 })
  assert.deepEqual(readBind('127.0.0.1:80'), { host: '127.0.0.1', port: 80 })
  assert.deepEqual(readBind('[::1]:80'), { host: '::1', port: 80 })
  assert.deepEqual(readBind('localhost:0'), { host: 'localhost', port: 0 })
  assert.deepEqual(readBind('unix:/run/x.sock'), { path: '/run/x.sock' })
  assert.deepEqual(readBind('http://127.0.0.1:80'), { host: '127.0.0.1', port: 80 })
})

test('an address to listen on that is none is refused with a remedy', () => {
  assert.match(refusal(readBind('8080')).fix, /write ':8080'/)
  assert.match(refusal(readBind('127.0.0.1')).fix, /port after a colon/)
  assert.match(refusal(readBind('::1:80')).fix, /port after a colon/)
  assert.match(refusal(readBind(':65536')).fix, /1 to 65535/)
  assert.equal(refusal(readBind(70_000)).rule, 'out-of-range')
  assert.equal(refusal(readBind('https://:443')).rule, 'tls-unsupported')
  assert.match(refusal(readBind('unix:run/x.sock')).fix, /whole path/)
  assert.match(refusal(readBind(`unix:/${'x'.repeat(108)}`)).fix, /shorter than 108/)
  assert.equal(refusal(readBind(null)).rule, 'wrong-type')
})

test('one server has one name, however its address is written', () => {
  for (const written of ['10.0.0.1', '10.0.0.1:80', 'http://10.0.0.1', 'HTTP://10.0.0.1:80/']) {
    assert.deepEqual(readServer(written), { name: '10.0.0.1:80', address: { host: '10.0.0.1', port: 80 } })
  }
  assert.deepEqual(readServer('App.Internal:3000'), {
    name: 'app.internal:3000',
    address: { host: 'app.internal', port: 3000 },
  })
  assert.deepEqual(readServer('[FD00::1]'), { name: '[fd00::1]:80', address: { host: 'fd00::1', port: 80 } })
  assert.deepEqual(readServer('unix:/run/app.sock'), { name: 'unix:/run/app.sock', address: { path: '/run/app.sock' } })
})

test('the address of a server that is none is refused with a remedy', () => {
  const { rule, fix } = refusal(readServer('https://app:8443'))
  assert.equal(rule, 'tls-unsupported')
  assert.match(fix, /write 'app:8443'/)
  assert.match(refusal(readServer('http://app:3000/shop')).fix, /write 'app:3000'/)
  assert.match(refusal(readServer('fd00::1')).fix, /write '\[fd00::1\]'/)
  assert.match(refusal(readServer('ftp://app')).says, /does not speak ftp/)
  assert.equal(refusal(readServer('app:0')).rule, 'out-of-range')
  assert.equal(refusal(readServer('app:99999')).rule, 'out-of-range')
  for (const bad of ['', ':80', 'a b', '10.0.0.256', '-a', 'a..b', '[10.0.0.1]:80', 'app:80:80', 'app:port']) {
    assert.equal(refusal(readServer(bad)).rule, 'bad-address', bad)
  }
  assert.equal(refusal(readServer(80)).rule, 'wrong-type')
})

test('an address is shown as it would be written', () => {
  assert.equal(addressText({ host: '', port: 80 }), ':80')
  assert.equal(addressText({ host: '::1', port: 80 }), '[::1]:80')
  assert.equal(addressText({ path: '/run/x' }), 'unix:/run/x')
})

test('trusted proxies are addresses, networks, or words for several networks', () => {
  assert.deepEqual(readNetworks('10.0.0.1'), ['10.0.0.1'])
  assert.deepEqual(readNetworks('fd00::/8'), ['fd00::/8'])
  assert.deepEqual(readNetworks('loopback'), ['127.0.0.0/8', '::1/128'])
  assert.ok((readNetworks('private') as readonly string[]).includes('192.168.0.0/16'))
  for (const bad of ['10.0.0.0/33', 'fd00::/129', 'proxy.example', '10.0.0.0/8/8', '10.0.0.0/', '']) {
    assert.equal(refusal(readNetworks(bad)).rule, 'bad-address', bad)
  }
})
