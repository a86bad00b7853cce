// What Node does: a check for each row of `docs/coming_from.md`, under the words of the row.
//
// Its argument is the file that has the page's sample. For each check it prints `ok` or `failed`, the words,
// and why, with tabs between them.

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const { EventEmitter, on, once } = require('node:events')
const { readFileSync } = require('node:fs')
const { setImmediate: nextTurn } = require('node:timers/promises')
const vm = require('node:vm')

const checks = new Map()

function claim(words, check) {
  assert(!checks.has(words), words)
  checks.set(words, check)
}

/** The exit code of a program, and what it prints to its error output. */
function program(code) {
  const { status, stderr } = spawnSync(process.execPath, ['--eval', code], { encoding: 'utf8' })
  return { status, stderr }
}

claim('the sample', () => {
  const printed = []
  const context = vm.createContext({ require, console: { log: (it) => printed.push(it) } })
  const run = (code) => vm.runInContext(code, context)
  assert.equal(run(readFileSync(process.argv[2], 'utf8')), false)
  assert.deepEqual(printed, [])
  run('orders').emit('placed', { id: 8 })
  run('orders').emit('placed', { id: 9 })
  assert.deepEqual(printed, [8, 'the first of today', 9])
})

claim('a misspelt name: another event', () => {
  const emitter = new EventEmitter()
  emitter.on('placed', () => assert.fail('it is another'))
  assert.equal(emitter.emit('plaaced'), false)
  emitter.on('plaaced', () => {})
  assert.equal(emitter.emit('plaaced'), true)
})

claim('a listener that throws: throws out of `emit`, and skips the rest', () => {
  const emitter = new EventEmitter()
  const error = new Error('first')
  emitter.on('placed', () => { throw error })
  emitter.on('placed', () => assert.fail('it is skipped'))
  assert.throws(() => emitter.emit('placed'), error)
})

claim("an async listener that rejects: ends the process as an unhandled rejection, unless `captureRejections` makes it an `'error'`", async () => {
  const rejects = (options) => `
    const emitter = new (require('node:events'))(${options})
    emitter.on('placed', async () => { throw new Error('late') })
    emitter.on('error', (error) => console.error('heard of', error.message))
    emitter.emit('placed')`
  const ended = program(rejects(''))
  assert.equal(ended.status, 1)
  assert.match(ended.stderr, /Error: late/)
  const heard = program(rejects('{ captureRejections: true }'))
  assert.deepEqual(heard, { status: 0, stderr: 'heard of late\n' })
})

claim("`'error'` without a listener: is thrown", () => {
  const error = new Error('nobody listens')
  assert.throws(() => new EventEmitter().emit('error', error), error)
})

claim('`off`: needs the same function object', () => {
  const emitter = new EventEmitter()
  const listener = () => {}
  emitter.on('placed', listener)
  emitter.off('placed', () => {})
  assert.equal(emitter.listenerCount('placed'), 1)
  emitter.off('placed', listener)
  assert.equal(emitter.listenerCount('placed'), 0)
})

claim('removed during an emit: still called', () => {
  const emitter = new EventEmitter()
  let calls = 0
  const second = () => { calls += 1 }
  emitter.on('placed', () => emitter.off('placed', second))
  emitter.on('placed', second)
  emitter.emit('placed')
  assert.equal(calls, 1)
  emitter.emit('placed')
  assert.equal(calls, 1)
})

claim('a leak: a warning at the eleventh listener', () => {
  const listeners = (count) => program(`
    const emitter = new (require('node:events'))()
    for (let i = 0; i < ${count}; i++) emitter.on('placed', () => {})`).stderr
  assert.equal(listeners(10), '')
  assert.match(listeners(11), /MaxListenersExceededWarning.*11 placed listeners/)
})

claim("`once(emitter, 'placed')`: a promise; what is emitted before the next one is made is gone", async () => {
  const emitter = new EventEmitter()
  const first = once(emitter, 'placed')
  emitter.emit('placed', 1)
  emitter.emit('placed', 2)
  assert.deepEqual(await first, [1])
  const next = once(emitter, 'placed')
  emitter.emit('placed', 3)
  assert.deepEqual(await next, [3])
})

claim("`on(emitter, 'placed')`: an iterator without a bound", async () => {
  const emitter = new EventEmitter()
  const iterator = on(emitter, 'placed')
  const count = 200_000
  for (let i = 0; i < count; i++) emitter.emit('placed', i)
  for (let i = 0; i < count; i++) assert.equal((await iterator.next()).value[0], i)
})

claim('`on(…, { highWaterMark: 3 })` of an emitter that cannot pause: the fourth `emit` throws a `TypeError` and its event is lost; what comes after is kept without a bound', async () => {
  const emitter = new EventEmitter()
  const iterator = on(emitter, 'placed', { highWaterMark: 3 })
  const kept = []
  for (let i = 1; i <= 1000; i++) {
    if (i === 4) assert.throws(() => emitter.emit('placed', i), TypeError)
    else {
      emitter.emit('placed', i)
      kept.push(i)
    }
  }
  for (const i of kept) assert.equal((await iterator.next()).value[0], i)
})

async function main() {
  console.log(`version\t${process.versions.node}`)
  for (const [words, check] of checks) {
    try {
      await check()
      await nextTurn()
      console.log(`ok\t${words}`)
    } catch (error) {
      console.log(`failed\t${words}\t${JSON.stringify(error.stack)}`)
    }
  }
}

main()
