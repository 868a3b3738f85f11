/** Of which stages the programs are looked at: it costs milliseconds a stage, which a run of many small ones would feel. */
import type { Job } from "../execute/job.ts"
import type { StageInstance } from "../plan/stage-instance.ts"

/** Enough to tell who writes an experiment what it forgot, and a twentieth of a second a run at most. */
const MOST_STAGES = 8

/** Without `strict`: of each stage the first instance that starts, of the first stages. Instances of one stage run one program. */
export const watchPrograms = (strict: boolean): ((instance: StageInstance) => Job["programs"]) => {
  const watched = new Map<string, string>()
  return ({ id, stage }) => {
    if (strict) return "must"
    if (!watched.has(stage) && watched.size < MOST_STAGES) watched.set(stage, id)
    return watched.get(stage) === id ? "if possible" : "no"
  }
}
