/** `--json`: every event as a line on stdout, and nothing else there. */
import { writeSync } from "node:fs"
import type { Renderer } from "./renderer.ts"

export const jsonRenderer = (write: (line: string) => void): Renderer => ({
  onEvent: (event) => {
    writeSync(1, `${JSON.stringify(event)}\n`)
  },
  note: write,
  stopping: () => {},
  close: async () => {}
})
