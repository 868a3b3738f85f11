/** Methods of text and of dictionaries where `@huggingface/jinja` answers otherwise than Python. */
import type { RuntimeValue } from "./jinja-library.ts"
import { capitalize, splitAtSpaces, strips, title } from "./python-strings.ts"
import { isNone, itemsOf, listValue, runtimeValue, textOf } from "./runtime-value.ts"

const textMethod = (text: string, name: string, args: ReadonlyArray<RuntimeValue>): RuntimeValue | undefined => {
  const [first, second] = args
  const strip = strips[name]
  if (strip !== undefined) return runtimeValue(strip(text, first === undefined ? undefined : textOf(first)))
  if (name === "capitalize") return runtimeValue(capitalize(text))
  if (name === "title") return runtimeValue(title(text))
  const atSpaces = name === "split" && (first === undefined || isNone(first))
  return atSpaces ? runtimeValue(splitAtSpaces(text, Number(second?.value ?? -1))) : undefined
}

/** @returns undefined where the library's own method answers as Python's */
export const pythonMethod = (
  object: RuntimeValue,
  name: string,
  args: ReadonlyArray<RuntimeValue>
): RuntimeValue | undefined => {
  const text = textOf(object)
  if (text !== undefined) return textMethod(text, name, args)
  if (!(object.value instanceof Map) || object.type !== "ObjectValue") return undefined
  // A dictionary's methods come before its keys: `schema.items()` of one that has a key `items`.
  if (name === "keys") return runtimeValue([...object.value.keys()])
  if (name === "values") return listValue(object.value.values())
  return name === "items" ? itemsOf(object.value) : undefined
}
