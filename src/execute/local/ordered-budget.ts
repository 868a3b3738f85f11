/**
 * What a machine has, given to whoever is first in declared order among the stages that are ready. A stage is ready before
 * it is known whether it has to run at all: while an earlier one is still looking that up, no later one is served. What an
 * earlier one waits for is kept for it; a later one that wants nothing of that goes on.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

export type Amounts<R extends string> = { readonly [K in R]?: number }

/** What was not to be had at once. */
export interface Lack<R extends string> {
  readonly resource: R
  readonly wanted: number
  readonly left: number
  readonly capacity: number
  /** Names of those that hold some of it. */
  readonly holders: ReadonlyArray<string>
}

export interface Ticket<R extends string> {
  /** It does want it, but cannot take it yet: what it wants is kept, as far as it is there. */
  readonly reserve: () => void
  /**
   * Waits, and holds what it wants until the scope ends. `onWait` is told what lacks when it is not served at once, and again
   * whenever something else does, or others hold it.
   */
  readonly take: (onWait: (lack: Lack<R>) => void) => Effect.Effect<void, never, Scope.Scope>
  /** Gives up the place in the queue: the stage needs nothing, or not yet. Nothing happens once it holds something. */
  readonly withdraw: () => void
}

export interface OrderedBudget<R extends string> {
  /**
   * Takes a place in the queue, synchronously, so that the queue is complete before anybody is served.
   *
   * @param name for those that wait for it, asked each time that they are told: of several that share it, some may be done
   * @param wants asked each time that somebody is to be served; more than there is counts as all of it
   */
  readonly contend: (order: number, name: () => string, wants: () => Amounts<R>) => Ticket<R>
}

interface Entry<R extends string> {
  readonly order: number
  readonly name: () => string
  readonly wants: () => Amounts<R>
  held: Amounts<R>
  state: "undecided" | "reserved" | "waiting" | "held" | "gone"
  grant: () => void
  /** Undefined: it has not waited long enough to tell anybody. */
  tell: ((lack: Lack<R>) => void) | undefined
}

/** Of those that wait, this many hear for what: with thousands of stages the others' words would be millions. */
const TOLD = 8

/** A wait shorter than this is not worth a line on the screen. */
const WAIT_SHOWN = "50 millis"

/**
 * @param capacity asked each time that somebody is to be served; what it does not name is without limit
 * @param everyone what each wants some of, if there is such: where none of it is left, nobody need be looked at
 */
export const makeOrderedBudget = <R extends string>(capacity: () => Amounts<R>, everyone?: R): OrderedBudget<R> => {
  /** By order. */
  let entries: Array<Entry<R>> = []
  let scheduled = false

  const resourcesOf = (amounts: Amounts<R>): ReadonlyArray<R> => Object.keys(amounts) as Array<R>

  const amountsOf = ({ wants }: Entry<R>, all: Amounts<R>): Amounts<R> => {
    const wanted = wants()
    const limited = resourcesOf(wanted).map((name) => [name, Math.min(wanted[name] ?? 0, all[name] ?? 0)] as const)
    return Object.fromEntries(limited.filter(([name]) => all[name] !== undefined)) as Amounts<R>
  }

  const leftOf = (all: Amounts<R>): Record<R, number> => {
    const left = { ...all } as Record<R, number>
    for (const { held } of entries) for (const name of resourcesOf(held)) left[name] -= held[name] ?? 0
    return left
  }

  const lacking = (wanted: Amounts<R>, left: Record<R, number>): R | undefined =>
    resourcesOf(wanted).find((name) => (wanted[name] ?? 0) > 0 && (wanted[name] ?? 0) > left[name])

  const serve = (): void => {
    scheduled = false
    serveReady()
    tellNext()
  }

  const tellNext = (): void => {
    const first: Array<Entry<R>> = []
    for (const entry of entries) if (entry.state === "waiting" && first.push(entry) === TOLD) break
    const told = first.filter(({ tell }) => tell !== undefined)
    if (told.length === 0) return
    const all = capacity()
    const left = leftOf(all)
    for (const entry of told) {
      const lack = lackOf(entry, all, left)
      if (lack !== undefined) entry.tell?.(lack)
    }
  }

  const serveReady = (): void => {
    const all = capacity()
    const left = leftOf(all)
    for (const entry of entries) {
      if (entry.state === "undecided" || (everyone !== undefined && left[everyone] <= 0)) return
      if (entry.state === "held") continue
      const wanted = amountsOf(entry, all)
      if (entry.state === "waiting" && lacking(wanted, left) === undefined) {
        entry.state = "held"
        entry.held = wanted
        entry.grant()
      }
      for (const name of resourcesOf(wanted)) left[name] -= wanted[name] ?? 0
    }
  }

  /** Once all that happens in this turn of the event loop has happened. */
  const serveSoon = (): void => {
    if (scheduled) return
    scheduled = true
    setImmediate(serve)
  }

  const remove = (entry: Entry<R>): void => {
    entry.state = "gone"
    entry.held = {}
    entries = entries.filter((other) => other !== entry)
    serveSoon()
  }

  const lackOf = (entry: Entry<R>, all: Amounts<R>, left: Record<R, number>): Lack<R> | undefined => {
    const wanted = amountsOf(entry, all)
    // Where enough is left, it is kept for somebody earlier.
    const resource = lacking(wanted, left) ?? resourcesOf(wanted).find((name) => (wanted[name] ?? 0) > 0)
    if (resource === undefined) return undefined
    const holders = entries.filter(({ held }) => (held[resource] ?? 0) > 0).map(({ name }) => name())
    return { resource, wanted: wanted[resource] ?? 0, left: left[resource], capacity: all[resource] ?? 0, holders }
  }

  return {
    contend: (order, name, wants) => {
      const entry: Entry<R> = { order, name, wants, held: {}, state: "undecided", grant: () => {}, tell: undefined }
      entries.push(entry)
      entries.sort((a, b) => a.order - b.order)
      const served = Effect.callback<void>((resume) => {
        entry.grant = () => resume(Effect.void)
        entry.state = "waiting"
        serveSoon()
        return Effect.sync(() => remove(entry))
      })
      const take: Ticket<R>["take"] = (onWait) => {
        let told: string | undefined
        const tell = Effect.andThen(
          Effect.sleep(WAIT_SHOWN),
          Effect.suspend(() => {
            entry.tell = (lack) => {
              const now = [lack.resource, ...lack.holders].join()
              if (now !== told) onWait(lack)
              told = now
            }
            tellNext()
            return Effect.never
          })
        )
        return Effect.acquireRelease(Effect.raceFirst(served, tell), () => Effect.sync(() => remove(entry)), {
          interruptible: true
        })
      }
      return {
        reserve: () => {
          if (entry.state === "undecided") entry.state = "reserved"
          serveSoon()
        },
        take,
        withdraw: () => {
          if (entry.state === "undecided" || entry.state === "reserved") remove(entry)
        }
      }
    }
  }
}
