/**
 * A number of slots, given to whoever is first in declared order among those that are ready. A stage is ready before it
 * is known whether it has to run at all: while an earlier one is still looking that up, no later one is served.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

export interface Ticket {
  /**
   * Waits for a slot and holds it until the scope ends. `onWait` is told who holds the slots when none is free at once, and
   * again whenever others do.
   */
  readonly take: (onWait: (holders: ReadonlyArray<string>) => void) => Effect.Effect<void, never, Scope.Scope>
  /** Gives up the place in the queue: the stage needs no slot, or not yet. Nothing happens once a slot is held. */
  readonly withdraw: () => void
}

export interface OrderedSlots {
  /** Takes a place in the queue, synchronously, so that the queue is complete before anybody is served. */
  readonly contend: (order: number, name: string) => Ticket
}

interface Entry {
  readonly order: number
  readonly name: string
  state: "undecided" | "waiting" | "held" | "gone"
  grant: () => void
  /** Told who holds the slots; undefined: it has not waited long enough to tell anybody. */
  tell: ((holders: ReadonlyArray<string>) => void) | undefined
}

/** @param capacity asked each time that somebody is to be served; a growing one is noticed at the next change. */
export const makeOrderedSlots = (capacity: () => number): OrderedSlots => {
  /** By order. */
  let entries: Array<Entry> = []
  let scheduled = false

  const serve = (): void => {
    scheduled = false
    serveReady()
    tellNext()
  }

  /** Who waits behind these is not told of every change: with thousands of stages that would be millions of words. */
  const tellNext = (): void => {
    const holders = entries.filter((entry) => entry.state === "held").map((entry) => entry.name)
    let told = 0
    for (const { state, tell } of entries) {
      if (told === TOLD) return
      if (state !== "waiting") continue
      told++
      tell?.(holders)
    }
  }

  const serveReady = (): void => {
    let free = capacity() - entries.filter((entry) => entry.state === "held").length
    for (const entry of entries) {
      if (free <= 0 || entry.state === "undecided") return
      if (entry.state !== "waiting") continue
      entry.state = "held"
      free--
      entry.grant()
    }
  }

  /** Once all that happens in this turn of the event loop has happened. */
  const serveSoon = (): void => {
    if (scheduled) return
    scheduled = true
    setImmediate(serve)
  }

  const remove = (entry: Entry): void => {
    entry.state = "gone"
    entries = entries.filter((other) => other !== entry)
    serveSoon()
  }

  return {
    contend: (order, name) => {
      const entry: Entry = { order, name, state: "undecided", grant: () => {}, tell: undefined }
      entries.push(entry)
      entries.sort((a, b) => a.order - b.order)
      const take: Ticket["take"] = (onWait) =>
        Effect.acquireRelease(
          Effect.callback<void>((resume) => {
            entry.grant = () => resume(Effect.void)
            entry.state = "waiting"
            serveSoon()
            let told: string | undefined
            const timer = setTimeout(() => {
              if (entry.state !== "waiting") return
              entry.tell = (holders) => {
                const all = holders.join(", ")
                if (all !== told) onWait(holders)
                told = all
              }
              tellNext()
            }, WAIT_SHOWN_MS)
            return Effect.sync(() => {
              clearTimeout(timer)
              remove(entry)
            })
          }),
          () => Effect.sync(() => remove(entry)),
          { interruptible: true }
        )
      return {
        take,
        withdraw: () => {
          if (entry.state === "undecided") remove(entry)
        }
      }
    }
  }
}

/** Of those that wait, so many hear for whom. */
const TOLD = 8

/** A wait shorter than this is not worth a line on the screen. */
const WAIT_SHOWN_MS = 50
