/** What Python's `str` and `repr` write, which is what a template prints: `True`, `None`, `1e-05`, `['a', "it's"]`. */
import { isNone, isUndefined } from "./runtime-value.ts"
import type { RuntimeValue } from "./jinja-library.ts"

/** `repr` of a float: the shortest digits, with an exponent from 1e16 on and below 1e-4. */
const pythonFloat = (value: number): string => {
  if (Number.isNaN(value)) return "nan"
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf"
  const [digits = "", exponent = "0"] = value.toExponential().split("e")
  const power = Number(exponent)
  if (power >= 16 || power < -4) {
    return `${digits}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`
  }
  const sign = Object.is(value, -0) || value < 0 ? "-" : ""
  const all = digits.replace(/[-.]/g, "")
  if (power < 0) return `${sign}0.${"0".repeat(-power - 1)}${all}`
  const whole = all.slice(0, power + 1).padEnd(power + 1, "0")
  return `${sign}${whole}.${all.slice(power + 1) || "0"}`
}

const escapes: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\" }

/** Characters that Python does not print: Unicode's "other" and "separator" categories but the space. */
const unprintable = /[\p{C}\p{Z}]/u

const escaped = (character: string): string => {
  if (character === " " || !unprintable.test(character)) return character
  const code = character.codePointAt(0) ?? 0
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, "0")}`
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, "0")}` : `\\U${code.toString(16).padStart(8, "0")}`
}

const quoted = (text: string): string => {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  return `${quote}${Array.from(text, (each) => (each === quote ? `\\${each}` : (escapes[each] ?? escaped(each)))).join("")}${quote}`
}

const represented = (value: RuntimeValue): string =>
  typeof value.value === "string" ? quoted(value.value) : isUndefined(value) ? "Undefined" : pythonText(value)

/** `str(value)`. @throws Error for a function: its text is an address */
export const pythonText = (value: RuntimeValue): string => {
  const held = value.value
  if (isNone(value)) return "None"
  if (held === undefined || held === null) return ""
  if (typeof held === "string") return held
  if (typeof held === "boolean") return held ? "True" : "False"
  if (typeof held === "number") {
    return value.type === "FloatValue" || !Number.isFinite(held) ? pythonFloat(held) : BigInt(held).toString()
  }
  if (typeof held === "function") throw new Error("a function is written out: its call is forgotten")
  if (held instanceof Map) {
    return `{${[...held].map(([key, item]) => `${quoted(key)}: ${represented(item)}`).join(", ")}}`
  }
  const items = held.map(represented)
  if (value.type !== "TupleValue") return `[${items.join(", ")}]`
  return items.length === 1 ? `(${items[0]},)` : `(${items.join(", ")})`
}
