/** JSON from outside, and where a text stops being it. */

export type JsonText =
  | { readonly ok: true; readonly value: unknown }
  /** `place`: `line 3, column 17`, where it can be told. */
  | { readonly ok: false; readonly place: string | undefined }

/** The runtime tells the place within its own words, which are no words for people. */
const placeOf = (text: string, message: string): string | undefined => {
  const told = /line (\d+) column (\d+)/.exec(message)
  if (told !== null) return `line ${told[1]}, column ${told[2]}`
  const position = /position (\d+)/.exec(message)?.[1]
  if (position === undefined) return /end of JSON/i.test(message) ? "its end" : undefined
  const before = text.slice(0, Number(position)).split("\n")
  return `line ${before.length}, column ${(before.at(-1) ?? "").length + 1}`
}

export const parseJson = (text: string): JsonText => {
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch (error) {
    return { ok: false, place: error instanceof Error ? placeOf(text, error.message) : undefined }
  }
}

/** `it is no JSON (line 3, column 17)` */
export const noJson = (place: string | undefined): string =>
  place === undefined ? "it is no JSON" : `it is no JSON (${place})`
