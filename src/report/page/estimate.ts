/** A number with how far it can be trusted: `0.9331 ± 0.0042`, the ends of the 95 % interval in its title. */
import type { Interval } from "../../numeric/bootstrap.ts"
import { exact } from "./exact.ts"
import type { Html } from "./html.ts"
import { html } from "./html.ts"

/** @param over what the interval is over, for whoever points at it */
export const estimate = (
  value: number,
  interval: Interval | undefined,
  format: (value: number) => string,
  over: string
): Html => {
  if (interval === undefined) return exact(value, format)
  const { low, high } = interval
  const title = `95 % interval ${format(low)} to ${format(high)}, over ${over}`
  return html`<data value="${value}" data-low="${low}" data-high="${high}" title="${title}"
    >${format(value)} <span class="noise">± ${format((high - low) / 2)}</span></data
  >`
}
