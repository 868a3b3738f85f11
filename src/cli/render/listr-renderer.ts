/** On a terminal: listr2 draws `runScreen` again and again. It runs nothing: its one task waits for the run to end. */
import { styleText } from "node:util"
import { DefaultRenderer, Listr, ListrLogger, ProcessOutput } from "listr2"
import type { RunEvent } from "../../run/event.ts"
import { eventLine } from "./event-line.ts"
import type { Renderer } from "./renderer.ts"
import { runScreen } from "./run-screen.ts"
import type { ScreenOptions } from "./run-screen.ts"
import { makeRunView } from "./run-view.ts"

const colours = {
  pending: "dim",
  waiting: "yellow",
  running: "cyan",
  hit: "blue",
  ran: "green",
  failed: "red",
  skipped: "yellow",
  interrupted: "magenta"
} as const

const paint: ScreenOptions["paint"] = (state, mark) => styleText(colours[state], mark, { stream: process.stderr })

/** @param expected seconds that stages took when they ran last, by id */
export const listrRenderer = (write: (line: string) => void, expected: ReadonlyMap<string, number>): Renderer => {
  const view = makeRunView(expected)
  const { promise: ended, resolve: end } = Promise.withResolvers<void>()
  let frame = 0
  let stopping = false
  let drawn: Promise<unknown> | undefined

  class ScreenRenderer extends DefaultRenderer {
    override create(): string {
      const { columns = 80, rows = 24 } = process.stderr
      return runScreen(view, { columns, rows, now: Date.now(), frame: frame++, stopping, paint })
    }
  }
  const open = (): void => {
    // Human text goes to stderr: for listr2 that is where output goes.
    const logger = new ListrLogger({ processOutput: new ProcessOutput(process.stderr, process.stdout) })
    const list = new Listr<undefined, typeof ScreenRenderer, "simple">([{ title: "run", task: () => ended }], {
      // Ctrl-C belongs to the executor, which ends the workers first.
      registerSignalListeners: false,
      renderer: ScreenRenderer,
      rendererOptions: { logger }
    })
    drawn = list.run().catch(() => {})
  }
  const close = async (): Promise<void> => {
    end()
    await drawn
  }

  return {
    onEvent: (event: RunEvent) => {
      view.apply(event)
      if (event.type !== "run-started") return
      write(eventLine(event) ?? "")
      open()
    },
    note: (line) => (drawn === undefined ? write(line) : view.note(line)),
    stopping: () => {
      stopping = true
    },
    close: async () => {
      await close()
      for (const line of view.notes) write(line)
      if (view.finished !== undefined) write(eventLine(view.finished) ?? "")
    }
  }
}
