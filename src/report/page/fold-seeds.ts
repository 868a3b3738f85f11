/** Of findings that differ in the seed of their training alone the first is shown, and the others where somebody asks. */
import type { Html } from "./html.ts"
import { html } from "./html.ts"
import { bySeed, type Seeded } from "./over-seeds.ts"

/** So many stand beside each other without hiding what comes after them. */
const maxShown = 2

/** Those that differ from an earlier one in their seed alone. */
export const furtherSeeds = <A extends Seeded>(
  placed: ReadonlyArray<A>,
  otherwise: (each: A) => string
): ReadonlySet<A> =>
  new Set(placed.length <= maxShown ? [] : bySeed(placed, otherwise).flatMap(({ members }) => members.slice(1)))

/**
 * In their order.
 *
 * @param otherwise tells those apart that have no coordinates but the seed
 * @param label of what is folded
 */
export const foldSeeds = <A extends Seeded>(
  placed: ReadonlyArray<A>,
  otherwise: (each: A) => string,
  label: (each: A) => Html,
  show: (each: A) => Html
): ReadonlyArray<Html> => {
  const further = furtherSeeds(placed, otherwise)
  return placed.map((each) =>
    further.has(each)
      ? html`<details>
          <summary>${label(each)}</summary>
          ${show(each)}
        </details>`
      : show(each)
  )
}
