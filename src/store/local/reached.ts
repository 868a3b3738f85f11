/** Which artifacts somebody still counts on: what pins, lock files, recent runs, and the latest run of every experiment reach. */
import * as Effect from "effect/Effect"
import type { RunSummary } from "../run-record.ts"
import { readPins } from "./pins.ts"
import { readRuns } from "./read-runs.ts"

export interface ReachOptions {
  /** Digests that lock files name. */
  readonly locked: ReadonlySet<string>
  /** Runs that began in the last N seconds are recent. */
  readonly keepSeconds: number
  /** Unix time, ms. */
  readonly now: number
}

export interface Reached {
  /** Artifacts that stay, whatever else is said of them. */
  readonly pinned: ReadonlySet<string>
  /** Artifacts that stay unless they are intermediate. */
  readonly kept: ReadonlySet<string>
  /** The last run that had them says `temp: true`, and all that needs them in it is done. */
  readonly temporary: ReadonlySet<string>
  /** A run goes on, or may: on a machine that we do not see. */
  readonly live: boolean
}

interface Ended {
  readonly id: string
  readonly digest: string
  readonly status: string
}

const isEnded = (event: unknown): event is Ended & { readonly type: string } =>
  typeof event === "object" &&
  event !== null &&
  "type" in event &&
  event.type === "stage-finished" &&
  "id" in event &&
  typeof event.id === "string" &&
  "digest" in event &&
  typeof event.digest === "string"

/** How the run ended; undefined while it goes on, or where it was killed. */
const endOf = (events: ReadonlyArray<unknown>): unknown =>
  events
    .map((event) =>
      typeof event === "object" &&
      event !== null &&
      "type" in event &&
      event.type === "run-finished" &&
      "status" in event
        ? event.status
        : undefined
    )
    .findLast((status) => status !== undefined)

/** `20261127-230321-22cf`: UTC. */
const startOf = ({ id }: RunSummary): number => {
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)/.exec(id) ?? []
  return Date.UTC(Number(y), Number(mo) - 1, Number(d), Number(h), Number(mi), Number(s))
}

/** No run takes so long: one of another machine, whose end we have not seen, is dead by then. */
const LONGEST_RUN_MS = 30 * 24 * 3600 * 1000

export const findReached = async (root: string, { locked, keepSeconds, now }: ReachOptions): Promise<Reached> => {
  const pinned = new Set((await readPins(root)).map(({ digest }) => digest))
  const kept = new Set(locked)
  const told = new Set<string>()
  /** Experiments of which a run was seen, and one that ended well. */
  const [seen, done] = [new Set<string>(), new Set<string>()]
  const temporary = new Set<string>()
  let live = false
  // Newest first: what the newest run that had an artifact says of it counts.
  for (const run of await readRuns(root)) {
    const events = await Effect.runPromise(run.events)
    const head = await Effect.runPromise(run.head)
    const end = endOf(events)
    const isLive = end === undefined && head !== "dead" && now - startOf(run) < LONGEST_RUN_MS
    live ||= isLive
    const ended = new Map(events.filter(isEnded).map((event) => [event.id, event]))
    const isLatest = !seen.has(run.experiment) || (end === "done" && !done.has(run.experiment))
    seen.add(run.experiment)
    if (end === "done") done.add(run.experiment)
    const stays = isLive || isLatest || now - startOf(run) <= keepSeconds * 1000
    for (const { id, temp } of run.instances) {
      const digest = ended.get(id)?.digest
      if (digest === undefined) continue
      if (stays) kept.add(digest)
      if (told.has(digest)) continue
      told.add(digest)
      const below = run.instances.filter(({ needs }) => needs.includes(id))
      const used = below.every((instance) => ["hit", "ran"].includes(ended.get(instance.id)?.status ?? ""))
      if (temp && used && !isLive) temporary.add(digest)
    }
  }
  return { pinned, kept, temporary, live }
}
