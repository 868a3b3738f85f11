/** The latest run as it goes: its stages in the graph and in a list, and the curves of what trains. */
import type { LiveCurve, LiveRun, LiveStage } from "../../../explore/answers.ts"
import { element } from "../script/element.ts"
import { numberText } from "../script/number-text.ts"
import { get } from "./ask.ts"
import { curveChart } from "./curve-chart.ts"

const POLL_MS = 1000
/** Nothing goes on: a new run may be started. */
const IDLE_POLL_MS = 4000

const minutes = (seconds: number): string =>
  seconds < 60 ? `${Math.ceil(seconds)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`

const stageText = ({ id, status, done, total, unit, rate, eta, problem }: LiveStage): string => {
  if (done === undefined || total === undefined) return `${id}: ${problem ?? status}`
  const speed = rate === null || rate === undefined ? "" : `, ${numberText(rate)}/s`
  const left = eta === null || eta === undefined ? "" : `, ${minutes(eta)} left`
  return `${id}: ${numberText(done)} of ${numberText(total)} ${unit ?? ""}${speed}${left}`
}

const stageRow = (stage: LiveStage): HTMLElement => {
  const { done, total } = stage
  return element(
    "li",
    {},
    element("span", {}, stageText(stage)),
    done === undefined || total === undefined
      ? undefined
      : element("progress", { max: total, value: done, "aria-label": stage.id })
  )
}

/** What goes on, what failed and what waits; what is done is a number. */
const summary = (run: LiveRun): HTMLElement => {
  const count = (...statuses: ReadonlyArray<string>): number =>
    run.stages.filter(({ status }) => statuses.includes(status)).length
  const text = `Run ${run.run}: ${run.status}; ${count("ran", "hit")} done, ${count("running")} running, ${count("failed")} failed.`
  const shown = run.stages.filter(({ status }) => status === "running" || status === "failed")
  return element("div", {}, element("p", {}, text), element("ul", { class: "running" }, shown.map(stageRow)))
}

/** A box of the graph is an instance, or all of a stage where there are very many. */
const markGraph = (stages: ReadonlyArray<LiveStage>): void => {
  for (const box of document.querySelectorAll<SVGGElement>(".graph g[data-id]")) {
    const id = box.dataset["id"] ?? ""
    const own = stages.filter((stage) => stage.id === id || stage.id.startsWith(`${id}[`))
    const is = (status: string): boolean => own.some((stage) => stage.status === status)
    box.classList.toggle("running", is("running"))
    box.classList.toggle("failed", is("failed"))
    if (own.length > 0 && own.every(({ status }) => status === "ran" || status === "hit")) {
      box.classList.remove("none")
      box.classList.add("made")
    }
  }
}

const curves = (all: ReadonlyArray<LiveCurve>): ReadonlyArray<HTMLElement> => {
  const names = [...new Set(all.flatMap(({ metrics }) => Object.keys(metrics)))]
  return names.map((name) =>
    curveChart(
      name,
      all.flatMap(({ id, done, metrics }) => {
        const values = metrics[name]
        return values === undefined
          ? []
          : [{ id, points: values.flatMap((y, i) => (y === null ? [] : [[done[i] ?? 0, y] as const])) }]
      })
    )
  )
}

export const watchRun = (place: HTMLElement, charts: HTMLElement): void => {
  let before: string | undefined
  let shown = ""
  const look = async (): Promise<void> => {
    let wait = IDLE_POLL_MS
    try {
      const run = await get<LiveRun | null>("/api/run")
      const text = JSON.stringify(run)
      if (run !== null && run.status === "going on") wait = POLL_MS
      if (text !== shown) {
        shown = text
        // Read aloud is what changes in words; numbers that run would be read without end.
        place.setAttribute("aria-live", run?.status === "going on" ? "off" : "polite")
        place.replaceChildren(run === null ? element("p", { class: "note" }, "Nothing has run yet.") : summary(run))
        if (before === "going on" && run?.status !== "going on") {
          place.append(element("p", {}, element("a", { href: location.pathname }, "Load the new results")))
        }
        charts.replaceChildren(element("div", { class: "multiples" }, curves(run?.curves ?? [])))
        markGraph(run?.stages ?? [])
        before = run?.status
      }
    } catch (error) {
      shown = ""
      place.replaceChildren(element("p", { class: "warn" }, `The server does not answer: ${String(error)}`))
    }
    setTimeout(() => void look(), wait)
  }
  void look()
}
