/** A curve of each stage over what it has done. */
import { element } from "../script/element.ts"
import { numberText } from "../script/number-text.ts"

export interface LiveSeries {
  readonly id: string
  readonly points: ReadonlyArray<readonly [x: number, y: number]>
}

const width = 380
const height = 170
const left = 58
const bottom = height - 24

const svg = (
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  ...text: ReadonlyArray<Node | string>
) => {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name)
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value))
  node.append(...text)
  return node
}

export const curveChart = (name: string, series: ReadonlyArray<LiveSeries>): HTMLElement => {
  const points = series.flatMap((each) => each.points)
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)]
  const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)]
  const at = (value: number, [low, high]: readonly [number, number], [from, to]: readonly [number, number]): number =>
    Math.round(10 * (from + (high > low ? (value - low) / (high - low) : 0.5) * (to - from))) / 10
  const place = ([x, y]: readonly [number, number]): string =>
    `${at(x, [x0, x1], [left, width - 8])},${at(y, [y0, y1], [bottom, 12])}`
  const chart = svg(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": `${name} so far` },
    ...[y0, y1].map((value) =>
      svg("text", { x: left - 6, y: at(value, [y0, y1], [bottom, 12]) + 4, "text-anchor": "end" }, numberText(value))
    ),
    svg("text", { x: left, y: height - 6 }, numberText(x0)),
    svg("text", { x: width - 8, y: height - 6, "text-anchor": "end" }, numberText(x1)),
    svg("line", { class: "axis", x1: left, x2: width - 8, y1: bottom, y2: bottom }),
    ...series.map(({ points: own }, i) =>
      own.length === 1
        ? svg("circle", {
            class: `f${i % 4}`,
            cx: place(own[0]!).split(",")[0]!,
            cy: place(own[0]!).split(",")[1]!,
            r: 3
          })
        : svg("polyline", { class: `line l${i % 4} d${Math.floor(i / 4) % 3}`, points: own.map(place).join(" ") })
    )
  )
  const legend = series.map(({ id, points: own }, i) =>
    element("span", {}, element("span", { class: `swatch s${i % 4}` }), `${id} ${numberText(own.at(-1)?.[1] ?? 0)}`)
  )
  return element(
    "figure",
    {},
    element("figcaption", {}, name),
    chart as unknown as HTMLElement,
    element("div", { class: "legend" }, legend)
  )
}
