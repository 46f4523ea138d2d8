/** The language of bans: what it takes, what it refuses and where, and that it means what it says. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BanError, type BanSubject, parseBan } from './ban.ts'

const page: BanSubject = {
  url: '/shop/cart?a=1',
  host: 'shop.example',
  status: 200,
  header: (name) => (name === 'content-type' ? 'text/html' : null),
  age: 7200,
}

function bans(expression: string, of: Partial<BanSubject> = {}): boolean {
  return parseBan(expression).matches({ ...page, ...of }, 0)
}

/** `column: says; fix` of an expression that is none. */
function fault(expression: string): string {
  try {
    parseBan(expression)
  } catch (error) {
    if (error instanceof BanError) return `${error.column}: ${error.message.replace(/^column \d+: /, '')}; ${error.fix}`
    throw error
  }
  return 'taken'
}

test('conditions ask for address, host, status, fields and age, and all of them have to hold', () => {
  const all =
    'req.url ~ "^/shop/" && obj.http.content-type == "text/html" && obj.age > 1h && obj.status == 200 && req.http.host == shop.example'
  assert.equal(bans(all), true)
  assert.equal(bans(all, { url: '/other' }), false)
  assert.equal(bans(all, { age: 3600 }), false)
  assert.equal(bans(all, { status: 404 }), false)
  assert.equal(bans(all, { host: 'other.example' }), false)
  assert.equal(bans(all, { header: () => null }), false)
})

test('a field that is not there is no text, and matches as an empty one', () => {
  assert.equal(bans('obj.http.x-tag == ""'), false)
  assert.equal(bans('obj.http.x-tag != news'), true)
  assert.equal(bans('obj.http.x-tag ~ "^$"'), true)
  assert.equal(bans('obj.http.x-tag !~ news'), true)
})

test('names of fields and hosts have no case, addresses and values have', () => {
  assert.equal(bans('OBJ.http.Content-Type == text/html'), true)
  assert.equal(bans('req.http.host == SHOP.example'), true)
  assert.equal(bans('req.url == "/SHOP/cart?a=1"'), false)
})

test('ages have units, and are compared exactly', () => {
  assert.equal(bans('obj.age > 119m && obj.age < 2.5h && obj.age == 2h && obj.age != 1d'), true)
  assert.equal(bans('obj.age > 2h'), false)
  assert.equal(bans('obj.age < 500ms', { age: 0.4 }), true)
})

test('a text in quotes may hold signs, quotes and the escapes of regular expressions', () => {
  assert.equal(bans(String.raw`req.url ~ "\.css$"`, { url: '/a.css' }), true)
  assert.equal(bans(String.raw`req.url ~ "\.css$"`, { url: '/a-css' }), false)
  assert.equal(bans(String.raw`obj.http.content-type == "a \"b\" && c"`, { header: () => 'a "b" && c' }), true)
})

test('the one form of an expression means the same and is its own form', () => {
  const ban = parseBan(String.raw`  req.url~"^/a\"\\d"   &&OBJ.status  ==200 `)
  assert.equal(ban.text, String.raw`req.url ~ "^/a\"\\d" && obj.status == 200`)
  assert.equal(parseBan(ban.text).text, ban.text)
})

test('what is no expression is told with its column and a remedy', () => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['', /^1: the end stands where a subject is needed; .*req\.url ~/],
    ['req.url', /^8: the end stands where an operator is needed; write one of == != /],
    ['req.url ~', /^10: the end stands where a value is needed/],
    ['req.url = /a', /^9: '=' is not known here; write ==/],
    ['req.url == /a & obj.status == 1', /^15: '&' is not known here; write &&/],
    ['req.url == /a || obj.status == 1', /^15: \|\| is not known here; make two bans/],
    ['req.url == /a obj.status == 1', /^15: 'obj\.status' follows a condition; write &&/],
    ['req.http.cookie == a', /^1: there is no req\.http\.cookie .*; of the request only the host/],
    ['obj.hits > 3', /^1: there is no obj\.hits .*; write req\.url, /],
    ['"req.url" == a', /^1: 'req\.url' stands where a subject is needed/],
    ['req.url < /a', /^9: req\.url is a text/],
    ['obj.status ~ 20.', /^12: obj\.status is a number/],
    ['obj.status == ok', /^15: 'ok' is not a number/],
    ['obj.age > 60', /^11: '60' is not a time with a unit; .*90s/],
    ['req.url ~ "abc', /^11: the text has no end/],
    ['req.url ~ "a("', /^11: the regular expression cannot be used: missing closing .*; write it as for RE2/],
    [`req.url ~ "${'a'.repeat(201)}"`, /^11: the regular expression is longer than 200/],
    [`req.url == ${'a'.repeat(2000)}`, /^2000: it is longer than 2000/],
    [Array(21).fill('obj.status == 1').join(' && '), /more than 20 conditions; make several/],
  ]
  for (const [expression, expected] of wrong) assert.match(fault(expression), expected, expression)
})

test('ages are those of the moment when the ban was given', () => {
  const ban = parseBan('obj.age > 1h')
  assert.equal(ban.matches({ ...page, age: 3700 }, 60), true)
  assert.equal(ban.matches({ ...page, age: 3700 }, 200), false)
  assert.deepEqual([ban.timed, parseBan('req.url == "obj.age"').timed], [true, false])
})

test('where the key leaves out the host or the path it may be any, so that no ban is too narrow', () => {
  for (const condition of [
    'req.http.host == a',
    'req.http.host != a',
    'req.http.host ~ "^b"',
    'req.http.host !~ "^b"',
  ]) {
    assert.equal(bans(condition, { host: null }), true, condition)
    assert.equal(bans(`${condition} && obj.status == 404`, { host: null }), false, condition)
  }
  assert.equal(bans('req.url ~ "^/other/"', { url: null }), true)
})

test('regular expressions that could take long are refused with the reason and a remedy', () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    [String.raw`^(a)\1`, /^11: .*invalid escape sequence.*; .*no references back/],
    ['^(?=a)', /^11: .*unsupported.*; .*no looking around/],
    ['^(?<!a)b', /; .*no looking around/],
    ['(a{30}){40}', /invalid repeat count/],
    [String.raw`(\w\W\d\s[a-z]){250}`, /repeats too much.*; repeat shorter parts/],
  ]
  for (const [pattern, expected] of refused) assert.match(fault(`req.url ~ "${pattern}"`), expected, pattern)
  const taken = [
    '^/shop/',
    String.raw`\.(png|jpe?g|gif|css|js)$`,
    '^/a/[^/]+/b/.*',
    'x[()*+]y',
    '^/[0-9]{4}/',
    '^/(?<y>a|b)/c',
    '^(a+)+$',
    '^.*a.*b.*c',
  ]
  for (const pattern of taken) assert.equal(fault(`req.url ~ "${pattern}"`), 'taken', pattern)
})

test('no expression that is taken holds up a thread, whatever it is matched with', () => {
  const url = `/${'a'.repeat(8000)}!`
  const started = performance.now()
  for (const pattern of ['^/(a|a){28}$', '^/(a?){26}b$', String.raw`^/(\w{1,2}){26}$`, '^/(a+)+$', '^.*a.*a.*b$']) {
    assert.equal(bans(`req.url ~ "${pattern}"`, { url }), false, pattern)
  }
  assert.ok(performance.now() - started < 1000)
})

test('whatever is written, it is a ban or a fault within the text', () => {
  const piece = fc.constantFrom(
    'req.url',
    'obj.age',
    'obj.http.a',
    '==',
    '~',
    '<',
    '&&',
    ' ',
    '"',
    '\\',
    '1h',
    '(',
    '*',
    'é',
    '|',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ maxLength: 60 }),
        fc.array(piece, { maxLength: 12 }).map((all) => all.join(' ')),
      ),
      (text) => {
        try {
          const ban = parseBan(text)
          assert.equal(typeof ban.matches(page, 0), 'boolean')
          assert.equal(parseBan(ban.text).text, ban.text)
        } catch (error) {
          assert.ok(error instanceof BanError, String(error))
          assert.ok(error.column >= 1 && error.column <= text.length + 1, `${error.column} of ${text.length}`)
          assert.ok(error.fix.length > 5)
        }
      },
    ),
    { numRuns: 500 },
  )
})

test('any conditions mean together what each of them means', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '"', '\\', ' ', '&', '.'), maxLength: 6 })
  // A backslash is written as it is, so a value for this test ends without one.
  const quotable = text.map((one) => one.replaceAll('\\', '/'))
  const quote = (value: string): string => `"${value.replaceAll('"', '\\"')}"`
  const condition = fc.oneof(
    fc.record({ name: fc.constantFrom('req.url', 'obj.http.tag'), sign: fc.constantFrom('==', '!='), value: quotable }),
    fc.record({
      name: fc.constant('obj.status'),
      sign: fc.constantFrom('==', '!=', '<', '>'),
      value: fc.integer({ min: 199, max: 202 }),
    }),
  )
  fc.assert(
    fc.property(
      fc.array(condition, { minLength: 1, maxLength: 4 }),
      quotable,
      fc.option(quotable),
      fc.integer({ min: 199, max: 202 }),
      (conditions, url, tag, status) => {
        const of = { 'req.url': url, 'obj.http.tag': tag, 'obj.status': status }
        const holds = (name: keyof typeof of, sign: string, value: string | number): boolean => {
          const found = of[name]
          if (sign === '==') return found === value
          if (sign === '!=') return found !== value
          return sign === '<' ? Number(found) < Number(value) : Number(found) > Number(value)
        }
        const expression = conditions
          .map(({ name, sign, value }) => `${name} ${sign} ${typeof value === 'string' ? quote(value) : value}`)
          .join(' && ')
        const expected = conditions.every(({ name, sign, value }) => holds(name as keyof typeof of, sign, value))
        assert.equal(
          bans(expression, { url, status, header: (name) => (name === 'tag' ? tag : null) }),
          expected,
          expression,
        )
      },
    ),
    { numRuns: 300 },
  )
})
