/** By what the points of a map are coloured: a scale, or classes; both as the style sheet has them, light and dark. */

export interface Shade {
  /** Of each item, by its place in the map: 0 to 1 on a scale, a class number, undefined where it has none. */
  readonly of: (index: number) => number | undefined
  /** Colours by class; undefined: a scale from `--low` to `--high`. */
  readonly classes?: ReadonlyArray<{ readonly name: string; readonly colour: string }>
  /** What stands at the ends of the scale. */
  readonly ends?: readonly [string, string]
}

/** Steps of a scale: so that a thousand points of one colour are drawn together. */
const steps = 12

type Rgb = readonly [number, number, number]

/** A colour of the style sheet, as it is in the theme of today. */
const resolved = (probe: HTMLElement, colour: string): Rgb => {
  probe.style.color = `var(${colour})`
  const [red = 0, green = 0, blue = 0] = (getComputedStyle(probe).color.match(/[\d.]+/g) ?? []).map(Number)
  return [red, green, blue]
}

const cssOf = (rgb: Rgb): string => `rgb(${rgb.map(Math.round).join(" ")})`

export interface Palette {
  /** Of what has no class or value, and of what is not chosen. */
  readonly faint: string
  readonly ink: string
  readonly accent: string
  readonly colours: ReadonlyArray<string>
  /** Index in `colours`. */
  readonly colourOf: (value: number) => number
}

/** @param probe an element of the page, by which colours are asked for */
export const paletteOf = (probe: HTMLElement, { classes }: Shade): Palette => {
  const css = (name: string): string => cssOf(resolved(probe, name))
  const [low, high] = [resolved(probe, "--low"), resolved(probe, "--high")]
  const mixed = (share: number): string =>
    cssOf([0, 1, 2].map((c) => low[c as 0]! + share * (high[c as 0]! - low[c as 0]!)) as unknown as Rgb)
  const palette = {
    faint: css("--line"),
    ink: css("--ink"),
    accent: css("--accent"),
    colours:
      classes?.map(({ colour }) => css(colour)) ?? Array.from({ length: steps }, (_, i) => mixed(i / (steps - 1))),
    colourOf: (value: number) =>
      classes === undefined ? Math.min(steps - 1, Math.max(0, Math.round(value * (steps - 1)))) : value
  }
  probe.style.color = ""
  return palette
}
