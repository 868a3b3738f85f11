/**
 * A run on a terminal: a line per stage, in the order of the plan, with its progress on that line, and below them one line for
 * the whole. Where the terminal has too few lines, stages that are alike are folded into one.
 */
import { cutText, wrapText } from "../../words/fit-text.ts"
import { finishedText, skippedText } from "./event-line.ts"
import { progressLine } from "./progress-line.ts"
import type { RunView, StageRow } from "./run-view.ts"
import { count, formatSeconds } from "./words.ts"

export interface ScreenSize {
  readonly columns: number
  readonly rows: number
}

export interface ScreenOptions extends ScreenSize {
  /** Unix time in milliseconds. */
  readonly now: number
  /** How often it was drawn: moves the mark of what runs. */
  readonly frame: number
  /** The person asked for the end: workers save what they have. */
  readonly stopping: boolean
  /** Gives a mark its colour. */
  readonly paint: (state: StageRow["state"], mark: string) => string
}

const spinner = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
const marks: Readonly<Record<StageRow["state"], string>> = {
  pending: "·",
  waiting: "…",
  running: "",
  hit: "=",
  ran: "✔",
  failed: "✖",
  skipped: "-",
  interrupted: "‖"
}

const textOf = (row: StageRow, view: RunView, now: number): string => {
  if (row.finished !== undefined && row.state !== "running" && row.state !== "waiting") {
    return finishedText(row.finished).split("\n")[0] ?? ""
  }
  switch (row.state) {
    case "waiting":
      return `waits for ${row.detail}`
    case "running": {
      if (row.progress !== undefined) return progressLine(row.progress)
      return [formatSeconds(Math.max(0, now - row.since) / 1000), row.detail].filter((part) => part !== "").join(", ")
    }
    default: {
      if (view.finished !== undefined) return "not started"
      const open = row.needs.filter((id) => isOpen(view.rows.get(id)))
      return open.length === 0
        ? "waits for its turn"
        : `after ${open.slice(0, 2).join(", ")}${open.length > 2 ? `, ${open.length - 2} more` : ""}`
    }
  }
}

const isOpen = (row: StageRow | undefined): boolean =>
  row?.state === "pending" || row?.state === "waiting" || row?.state === "running"

type Folded = { readonly state: StageRow["state"]; readonly rows: ReadonlyArray<StageRow> }
type Line = StageRow | Folded

/** More names than these are never on one line. */
const SHOWN_NAMES = 16

const foldedText = ({ state, rows }: Folded, ended: boolean): string => {
  const names = rows
    .slice(0, SHOWN_NAMES)
    .map(({ id }) => id)
    .join(", ")
  const saved = rows.reduce((sum, { finished }) => sum + (finished?.savedSeconds ?? 0), 0)
  switch (state) {
    case "hit":
      return `${count(rows.length, "stage")} cached${saved === 0 ? "" : `, saves ${formatSeconds(saved)}`}`
    case "ran":
      return `${count(rows.length, "stage")} ran: ${names}`
    case "pending":
      return `${rows.length} ${ended ? "not started" : "to go"}: ${names}`
    case "skipped":
      return skippedText(rows.flatMap(({ finished }) => finished ?? [])).join("; ")
    default:
      return `${rows.length} more: ${names}`
  }
}

/** In this order, until the lines fit. What runs and what went wrong stays as long as it can. */
const foldings: ReadonlyArray<{ readonly state: StageRow["state"]; readonly keep: number }> = [
  { state: "hit", keep: 0 },
  { state: "pending", keep: 2 },
  { state: "ran", keep: 3 },
  { state: "waiting", keep: 2 },
  { state: "pending", keep: 0 },
  { state: "ran", keep: 0 },
  { state: "waiting", keep: 0 },
  { state: "skipped", keep: 0 },
  { state: "interrupted", keep: 3 },
  { state: "failed", keep: 3 },
  { state: "running", keep: 3 }
]

/** All of one state become one line; the first to come are kept of what is still to be done, the last of what is done. */
const fold = (lines: ReadonlyArray<Line>, state: StageRow["state"], keep: number): ReadonlyArray<Line> => {
  const all = lines.flatMap((line) => (line.state !== state ? [] : "rows" in line ? line.rows : [line]))
  const kept = new Set(keep === 0 ? [] : state === "ran" ? all.slice(-keep) : all.slice(0, keep))
  const rows = all.filter((row) => !kept.has(row))
  if (rows.length < 2) return lines
  // Each reason is told: where stages were skipped for two, there are two lines.
  const alike = [...Map.groupBy(rows, ({ finished }) => (state === "skipped" ? finished?.problem : ""))]
  let placed = false
  return lines.flatMap((line): ReadonlyArray<Line> => {
    if (line.state !== state || (!("rows" in line) && kept.has(line))) return [line]
    if (placed) return []
    placed = true
    return alike.map(([, of]) => ({ state, rows: of }))
  })
}

const fitting = (view: RunView, most: number): ReadonlyArray<Line> => {
  // Of a run that has ended, what waited has not been started.
  const rows = [...view.rows.values()].map((row) =>
    view.finished !== undefined && isOpen(row) ? { ...row, state: "pending" as const } : row
  )
  // Ten skips of one failure are one piece of news.
  let lines: ReadonlyArray<Line> = fold(rows, "skipped", 0)
  if (view.finished !== undefined) lines = fold(lines, "pending", 0)
  for (const { state, keep } of foldings) {
    if (lines.length <= most) break
    lines = fold(lines, state, keep)
  }
  return lines
}

/** `7 of 12 done (5 cached), 1 min 5 s, 3 min of work left`. */
const footer = (view: RunView, { now, stopping }: ScreenOptions): string => {
  const rows = [...view.rows.values()]
  const open = rows.filter(isOpen)
  const cached = rows.filter(({ state }) => state === "hit").length
  const left = open.map(({ id, state, progress, since }) => {
    // What is done in one pass is one work.
    if (state === "running" && progress?.eta != null) return progress.eta / (progress.together ?? 1)
    const took = view.expected.get(id)
    return took === undefined || state !== "running" ? took : Math.max(0, took - (now - since) / 1000)
  })
  const known = left.reduce<number>((sum, seconds) => sum + (seconds ?? 0), 0)
  const certain = left.every((seconds) => seconds !== undefined)
  return [
    `${rows.length - open.length} of ${rows.length} done${cached === 0 ? "" : ` (${cached} cached)`}`,
    formatSeconds(Math.max(0, now - (view.startedAt ?? now)) / 1000),
    ...(stopping
      ? ["stopping: what runs saves what it has"]
      : open.length > 0 && known > 0
        ? [`${certain ? "" : "at least "}${formatSeconds(known)} of work left`]
        : [])
  ].join(", ")
}

/** Lines of notes that a run which goes on has room for. */
const NOTES = 3
/** Longer ids are cut: the rest of a line has to stay. */
const WIDEST_ID = 44

export const runScreen = (view: RunView, options: ScreenOptions): string => {
  const { columns, rows, now, frame, paint } = options
  const ended = view.finished !== undefined
  const notes = ended ? [] : view.notes.slice(-NOTES)
  const lines = fitting(view, Math.max(3, rows - notes.length - 3))
  const width = Math.min(
    WIDEST_ID,
    Math.floor(columns / 2),
    Math.max(0, ...lines.map((line) => ("rows" in line ? 0 : line.id.length)))
  )
  const drawn = lines.map((line) => {
    const mark = paint(
      line.state,
      line.state === "running" ? (spinner[frame % spinner.length] as string) : marks[line.state]
    )
    const text =
      "rows" in line ? foldedText(line, ended) : `${cutText(line.id, width).padEnd(width)}  ${textOf(line, view, now)}`
    // What to do next is read to its end.
    if (ended && line.state === "interrupted") return `${mark} ${wrapText(text, columns - 3).join("\n  ")}`
    return `${mark} ${cutText(text.trimEnd(), columns - 3)}`
  })
  const below = notes.map((line) => cutText(line.split("\n")[0] ?? "", columns - 1))
  return [...drawn, ...below, ...(ended ? [] : [cutText(footer(view, options), columns - 1)])].join("\n")
}
