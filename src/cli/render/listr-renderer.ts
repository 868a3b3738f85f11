/**
 * On a terminal: listr2 draws one line per stage, with live progress. It runs nothing: each task only waits for the
 * executor to say that its stage has ended.
 *
 * listr2 starts all tasks of a concurrent list at once, and a started task has a spinner. So the list has as many
 * nameless tasks as there are stages - those are not drawn - and a stage takes the next one when its first event comes.
 */
import { Listr } from "listr2"
import type { DefaultRenderer, ListrTaskWrapper, SimpleRenderer } from "listr2"
import type { RunEvent, StageFinished } from "../../run/event.ts"
import { eventLine, finishedText, startedText } from "./event-line.ts"
import { progressLine } from "./progress-line.ts"
import type { Renderer } from "./renderer.ts"

type Task = ListrTaskWrapper<undefined, typeof DefaultRenderer, typeof SimpleRenderer>

interface Row {
  readonly task: Promise<Task>
  readonly end: (event: StageFinished | undefined) => void
}

export const listrRenderer = (write: (line: string) => void): Renderer => {
  let drawn: Promise<unknown> = Promise.resolve()
  const free: Array<Row> = []
  const rows = new Map<string, Row>()
  /** Shown below the list: a line above it would be drawn over. */
  const warnings: Array<string> = []

  const open = (stages: number): void => {
    const tasks = Array.from({ length: stages }, () => {
      const { promise: task, resolve: started } = Promise.withResolvers<Task>()
      const { promise: ended, resolve: end } = Promise.withResolvers<StageFinished | undefined>()
      free.push({ task, end })
      return {
        rendererOptions: { outputBar: 1, persistentOutput: false },
        task: async (_: undefined, wrapper: Task): Promise<void> => {
          started(wrapper)
          const event = await ended
          if (event === undefined) return
          const text = `${event.id}: ${finishedText(event).split("\n")[0]}`
          wrapper.title = text
          if (event.status === "hit" || event.status === "skipped") wrapper.skip(text)
          if (event.status === "failed") throw new Error(text)
        }
      }
    })
    const list = new Listr<undefined, "default", "simple">(tasks, {
      concurrent: true,
      exitOnError: false,
      // Ctrl-C belongs to the executor, which ends the workers first.
      registerSignalListeners: false,
      renderer: "default",
      rendererOptions: { collapseSkips: true, collapseErrors: false, showErrorMessage: false, suffixSkips: false }
    })
    drawn = list.run().catch(() => {})
  }

  const rowOf = (id: string): Row | undefined => {
    const row = rows.get(id) ?? free.shift()
    if (row !== undefined) rows.set(id, row)
    return row
  }
  const show = (id: string, title: string, output: string): void => {
    void rowOf(id)?.task.then((task) => {
      task.title = title
      task.output = output
    })
  }

  return {
    onEvent: (event: RunEvent) => {
      switch (event.type) {
        case "run-started":
          write(eventLine(event) ?? "")
          return open(event.stages.length)
        case "stage-waiting":
          return show(event.id, event.id, `waits for ${event.for}`)
        case "stage-started":
          return show(event.id, event.id, startedText(event))
        case "stage-progress":
          return show(event.id, event.id, progressLine(event))
        case "stage-retry":
        case "artifact-lost":
        case "stage-nondeterministic":
          return show(event.id, event.id, eventLine(event) ?? "")
        case "stage-finished":
          return rowOf(event.id)?.end(event)
        case "stage-interrupted":
        case "stage-log": {
          const line = eventLine(event)
          if (line !== undefined) warnings.push(line)
          return
        }
        case "run-finished":
          for (const row of [...rows.values(), ...free]) row.end(undefined)
          void drawn.then(() => {
            for (const line of [...warnings, eventLine(event) ?? ""]) write(line)
          })
      }
    },
    close: async () => {
      for (const row of [...rows.values(), ...free]) row.end(undefined)
      await drawn
    }
  }
}
