/** Of findings that differ in the seed of their training alone the first is shown, and the others where somebody asks. */
import type { Html, HtmlValue } from "./html.ts"
import { html } from "./html.ts"
import { bySeed } from "./over-seeds.ts"
import type { Placed } from "./subjects.ts"

/** So many stand beside each other without hiding what comes after them. */
const maxShown = 3

/**
 * In the order of the groups, the first of each whole.
 *
 * @param label of what is folded
 * @param otherwise names a group where there are no coordinates but the seed
 */
export const foldSeeds = <A extends Pick<Placed<unknown>, "at">>(
  placed: ReadonlyArray<A>,
  otherwise: (each: A) => string,
  label: (each: A) => HtmlValue,
  show: (each: A) => Html
): ReadonlyArray<Html> => {
  if (placed.length <= maxShown) return placed.map(show)
  return bySeed(placed, otherwise).flatMap(({ members }) =>
    members.map((each, i) =>
      i === 0
        ? show(each)
        : html`<details>
            <summary>${label(each)}</summary>
            ${show(each)}
          </details>`
    )
  )
}
