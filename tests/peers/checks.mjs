// checks.mjs - hold two results of the conformance suite against each other, check by check.
// Usage: checks.mjs DIRECT THROUGH: each a folder of the suite's results. A line for each check that turned, "worse" or
// "better"; at the end how many were compared. A check that occurs more than once counts by its worst.
import { readFileSync, readdirSync } from 'node:fs'

const order = ['SUCCESS', 'INFO', 'SKIPPED', 'WARNING', 'FAILURE']
function read(folder) {
  const found = new Map()
  for (const run of readdirSync(folder)) {
    const scenario = run.replace(/^server-/, '').replace(/-\d{4}-\d\d-\d\dT.*$/, '')
    for (const { id, status, errorMessage } of JSON.parse(readFileSync(`${folder}/${run}/checks.json`, 'utf8'))) {
      const key = `${scenario} ${id}`, before = found.get(key)
      if (!before || order.indexOf(status) > order.indexOf(before.status))
        found.set(key, { status, why: errorMessage ?? '' })
    }
  }
  return found
}

const [direct, through] = process.argv.slice(2).map(read)
const passes = (check) => check?.status === 'SUCCESS'
const fails = (check) => !passes(check) && check?.status !== 'INFO' // which says what was seen and judges nothing
for (const [key, here] of direct) {
  const there = through.get(key)
  if (passes(here) && fails(there))
    console.log(`worse ${key}: ${here.status} became ${there?.status ?? 'nothing'}: ${there?.why.split('\n')[0] ?? ''}`)
  if (!passes(here) && passes(there))
    console.log(`better ${key}: ${here.status} became ${there.status}`)
}
console.log(`compared ${direct.size}, passing directly ${[...direct.values()].filter(passes).length}`)
