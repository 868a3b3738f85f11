/**
 * Ctrl-C asks a run to end in good order: stages get time to save their checkpoints. A second one ends it at once: workers
 * see that their head is gone, and take what they started with them.
 */
import { writeSync } from "node:fs"

const INTERRUPTED = 130

/** A terminal's Ctrl-C may come twice for one press: to this process itself, and through one that started it. */
const SAME_PRESS_MS = 300

export const endAtSecondInterrupt = (): void => {
  let first: number | undefined
  process.on("SIGINT", () => {
    const now = performance.now()
    first ??= now
    if (now - first < SAME_PRESS_MS) return
    writeSync(2, "interrupted again: ended at once\n")
    process.exit(INTERRUPTED)
  })
}
