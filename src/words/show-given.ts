/** A value of somebody else's file in a message: as JSON, cut where it is long; "missing" where there is none. */
import { cutText } from "./cut-text.ts"

const longest = 100

export const showGiven = (value: unknown): string => cutText(JSON.stringify(value) ?? "missing", longest)
