/** Of what differs since a stage's last result: what nobody has said that it alters nothing. */
import { hasNoResult } from "../../plan/explain.ts"
import type { Reason } from "../../plan/explain.ts"

/** `params.opt` covers `params.opt` and `params.opt.lr`, not `params.optimiser`. */
const covers = (allowed: string, path: string): boolean =>
  path === allowed || (path.startsWith(allowed) && /^[ .[]/.test(path.slice(allowed.length)))

/**
 * @param also what may differ besides the code, as `why` names it: `packages`, `params.log_every`
 * @returns undefined where there is no last result to accept
 */
export const beyondCode = (
  reasons: ReadonlyArray<Reason>,
  also: ReadonlyArray<string>
): ReadonlyArray<Reason> | undefined => {
  if (hasNoResult(reasons) || reasons.some(({ path }) => path === "no result in the store")) return undefined
  return reasons.filter(({ path }) => !["code", ...also].some((allowed) => covers(allowed, path)))
}
