/**
 * A run as spans: the run, its stages below it, their attempts below those. Made of its events alone, which say nothing that
 * the terminal does not: no parameters, no output of programs, no environment.
 */
import * as Context from "effect/Context"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import type { RunEvent, StageFinished, StageOutcome } from "../run/event.ts"

const nanoseconds = (milliseconds: number): bigint => BigInt(Math.round(milliseconds)) * 1_000_000n

/** A problem may go on with what a program printed: its first line says what it is. */
const firstLine = (problem: string | null): string => (problem ?? "no reason given").split("\n")[0]?.slice(0, 300) ?? ""

const note = (span: Tracer.Span, attributes: Readonly<Record<string, unknown>>): void => {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) span.attribute(`pipeline.${name}`, value)
  }
}

const endOf = ({ status, problem }: Pick<StageOutcome, "status" | "problem">): Exit.Exit<void, string> =>
  status === "failed" ? Exit.fail(firstLine(problem)) : Exit.void

/** @param parent of the whole run, where what started it is traced too */
export const runSpans = (tracer: Tracer.Tracer, parent: Option.Option<Tracer.AnySpan>): ((event: RunEvent) => void) => {
  let run: Tracer.Span | undefined
  const stages = new Map<string, Tracer.Span>()
  const attempts = new Map<string, Tracer.Span>()
  const kinds = new Map<string, string>()

  const open = (name: string, above: Option.Option<Tracer.AnySpan>, at: number): Tracer.Span =>
    tracer.span({
      name,
      parent: above,
      annotations: Context.empty(),
      links: [],
      startTime: nanoseconds(at),
      kind: "internal",
      root: Option.isNone(above),
      sampled: true
    })
  const stageOf = (id: string, at: number): Tracer.Span => {
    const known = stages.get(id)
    if (known !== undefined) return known
    const span = open(id, Option.fromUndefinedOr(run), at)
    note(span, { stage: id, kind: kinds.get(id) })
    stages.set(id, span)
    return span
  }
  const endAttempt = (id: string, at: number, exit: Exit.Exit<void, string>): void => {
    attempts.get(id)?.end(nanoseconds(at), exit)
    attempts.delete(id)
  }
  const finish = (event: StageFinished): void => {
    const { id, at, status, key, digest, savedSeconds, cost, metrics } = event
    endAttempt(id, at, endOf(event))
    const span = stageOf(id, at)
    note(span, { status, key, digest, saved_seconds: savedSeconds })
    note(span, { cpu_seconds: cost?.cpuSeconds, gpu_seconds: cost?.gpuSeconds, peak_memory: cost?.peakMemory })
    note(span, Object.fromEntries(Object.entries(metrics).map(([name, value]) => [`metric.${name}`, value])))
    span.end(nanoseconds(at), endOf(event))
    stages.delete(id)
  }

  return (event) => {
    switch (event.type) {
      case "run-started":
        run = open(`run ${event.experiment}`, parent, event.at)
        note(run, { run: event.run, experiment: event.experiment, stages: event.stages.length })
        for (const { id, kind } of event.stages) kinds.set(id, kind)
        return
      case "stage-waiting":
        return stageOf(event.id, event.at).event("waits", nanoseconds(event.at), { for: event.for })
      case "stage-started": {
        const span = open(`attempt ${event.attempt}`, Option.some(stageOf(event.id, event.at)), event.at)
        note(span, { stage: event.id, attempt: event.attempt, device: event.device, resumes: event.resumes })
        attempts.set(event.id, span)
        return
      }
      case "stage-retry":
        return endAttempt(event.id, event.at, Exit.fail(firstLine(event.problem)))
      case "stage-finished":
        return finish(event)
      case "run-finished": {
        const at = nanoseconds(event.at)
        const exit = event.status === "done" ? Exit.void : Exit.fail(event.status)
        // What an interrupted run left open has no end of its own.
        for (const span of [...attempts.values(), ...stages.values()]) span.end(at, Exit.fail("interrupted"))
        if (run !== undefined) note(run, { status: event.status, seconds: event.seconds })
        return run?.end(at, exit)
      }
      default:
        return
    }
  }
}
