/**
 * What stands at an input of a stage: one artifact, a list of them, or a record of both by name. `A` is what is known of
 * an artifact at the time: a reference while planning, a digest in a key and in a job, an opened handle in the worker.
 */
import * as Effect from "effect/Effect"

export type Wiring<A> =
  | { readonly shape: "one"; readonly of: A }
  | { readonly shape: "list"; readonly of: ReadonlyArray<A> }
  | { readonly shape: "record"; readonly of: Readonly<Record<string, Wiring<A>>> }

/** The same without the names of its shapes: `A`, `[A, A]`, `{ name: A, other: [A] }`. */
export type Plain<One, Item> = One | ReadonlyArray<Item> | { readonly [name: string]: Plain<One, Item> }

/** All that is wired, in order. */
export const items = <A>(wiring: Wiring<A>): ReadonlyArray<A> => {
  switch (wiring.shape) {
    case "one":
      return [wiring.of]
    case "list":
      return wiring.of
    case "record":
      return Object.values(wiring.of).flatMap(items)
  }
}

/** Artifacts at each of `names`. */
export const counts = <A>(
  names: Iterable<string>,
  wired: Readonly<Record<string, Wiring<A>>>
): Readonly<Record<string, number>> => {
  const entries = [...names].map((name) => {
    const wiring = wired[name]
    return [name, wiring === undefined ? 0 : items(wiring).length] as const
  })
  return Object.fromEntries(entries)
}

export const traverse = <A, B, E, R>(
  wiring: Wiring<A>,
  use: (item: A) => Effect.Effect<B, E, R>
): Effect.Effect<Wiring<B>, E, R> => {
  switch (wiring.shape) {
    case "one":
      return Effect.map(use(wiring.of), (of) => ({ shape: "one", of }))
    case "list":
      return Effect.map(Effect.forEach(wiring.of, use), (of) => ({ shape: "list", of }))
    case "record": {
      const entries = Effect.forEach(Object.entries(wiring.of), ([name, each]) =>
        Effect.map(traverse(each, use), (value) => [name, value] as const)
      )
      return Effect.map(entries, (all) => ({ shape: "record", of: Object.fromEntries(all) }))
    }
  }
}

export const map = <A, B>(wiring: Wiring<A>, use: (item: A) => B): Wiring<B> => {
  switch (wiring.shape) {
    case "one":
      return { shape: "one", of: use(wiring.of) }
    case "list":
      return { shape: "list", of: wiring.of.map(use) }
    case "record":
      return {
        shape: "record",
        of: Object.fromEntries(Object.entries(wiring.of).map(([name, each]) => [name, map(each, use)]))
      }
  }
}

/**
 * @param one what an artifact by itself becomes
 * @param item what an item of a list becomes
 */
export const plain = <A, One, Item>(
  wiring: Wiring<A>,
  one: (item: A) => One,
  item: (item: A) => Item
): Plain<One, Item> => {
  switch (wiring.shape) {
    case "one":
      return one(wiring.of)
    case "list":
      return wiring.of.map(item)
    case "record":
      return Object.fromEntries(Object.entries(wiring.of).map(([name, each]) => [name, plain(each, one, item)]))
  }
}
