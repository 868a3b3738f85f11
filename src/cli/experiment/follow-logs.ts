/** `logs --follow`: what instances print, while they print it, until they or their run end. */
import { StringDecoder } from "node:string_decoder"
import * as Effect from "effect/Effect"
import type { RunEvent } from "../../run/event.ts"
import type { RunSummary } from "../../store/run-record.ts"
import { followRun } from "./follow-run.ts"

interface Tail {
  readonly id: string
  readonly decoder: StringDecoder
  place: number
}

/** @returns whether anything was printed */
export const followLogs = Effect.fn("followLogs")(function* (run: RunSummary, ids: ReadonlyArray<string>) {
  const tails = ids.map((id): Tail => ({ id, decoder: new StringDecoder("utf8"), place: 0 }))
  const open = new Set(ids)
  let last: string | undefined
  const print = Effect.fnUntraced(function* (tail: Tail) {
    for (;;) {
      const { bytes, next } = yield* run.logAfter(tail.id, tail.place)
      if (bytes.length === 0) return
      tail.place = next
      if (last !== tail.id) process.stderr.write(`${last === undefined ? "" : "\n"}${tail.id}, run ${run.id}\n`)
      last = tail.id
      process.stdout.write(tail.decoder.write(bytes))
    }
  })
  const look = Effect.fnUntraced(function* (events: ReadonlyArray<RunEvent>) {
    for (const event of events) if (event.type === "stage-finished") open.delete(event.id)
    // After the end of a stage has been told, all that it printed is there.
    yield* Effect.forEach(tails, print, { discard: true })
    return open.size === 0
  })
  const ended = yield* followRun(run, look)
  if (ended === "dead") process.stderr.write(`run ${run.id} has ended without a word: its process is gone\n`)
  return last !== undefined
})
