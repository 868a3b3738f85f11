/**
 * A small JSON Schema validator (draft 2020-12): the keywords that our schema uses, and an error for any other, so that
 * nothing in it is left unchecked.
 */
type Value = unknown
type Record_ = Readonly<Record<string, unknown>>

const isObject = (value: Value): value is Record_ =>
  typeof value === "object" && value !== null && !Array.isArray(value)
const typeOf = (value: Value): string =>
  value === null ? "null" : Array.isArray(value) ? "array" : Number.isInteger(value) ? "integer" : typeof value
const annotations = new Set(["$schema", "$defs", "title", "description", "default", "enumDescriptions", "then", "else"])

export const schemaProblems = (root: Record_, schema: Value, value: Value, path = ""): ReadonlyArray<string> => {
  if (schema === true) return []
  if (schema === false || !isObject(schema)) return [`${path}: nothing is allowed here`]
  const check = (sub: Value, item: Value, at = path) => schemaProblems(root, sub, item, at)
  const passes = (sub: Value): boolean => check(sub, value).length === 0
  const fail = (wrong: boolean, message: string): ReadonlyArray<string> => (wrong ? [`${path}: ${message}`] : [])
  const list = (sub: unknown): ReadonlyArray<unknown> => sub as ReadonlyArray<unknown>
  return Object.entries(schema).flatMap(([keyword, rule]): ReadonlyArray<string> => {
    switch (keyword) {
      case "$ref": {
        const name = (rule as string).replace("#/$defs/", "")
        const target = (root["$defs"] as Record_)[name]
        if (target === undefined) throw new Error(`${String(rule)} points at nothing`)
        return check(target, value)
      }
      case "type": {
        const type = typeOf(value)
        return fail(type !== rule && !(rule === "number" && type === "integer"), `is no ${String(rule)}`)
      }
      case "enum":
        return fail(!list(rule).includes(value), `is none of ${String(rule)}`)
      case "const":
        return fail(value !== rule, `is not ${String(rule)}`)
      case "minLength":
        return fail(typeof value === "string" && value.length < (rule as number), `is shorter than ${String(rule)}`)
      case "pattern":
        return fail(
          typeof value === "string" && !new RegExp(rule as string, "u").test(value),
          `does not match ${String(rule)}`
        )
      case "minimum":
        return fail(typeof value === "number" && value < (rule as number), `is below ${String(rule)}`)
      case "maximum":
        return fail(typeof value === "number" && value > (rule as number), `is above ${String(rule)}`)
      case "exclusiveMinimum":
        return fail(typeof value === "number" && value <= (rule as number), `is not above ${String(rule)}`)
      case "minProperties":
        return fail(isObject(value) && Object.keys(value).length < (rule as number), "has too few entries")
      case "required":
        return isObject(value)
          ? list(rule).flatMap((key) => fail(!((key as string) in value), `lacks ${String(key)}`))
          : []
      case "properties":
        return isObject(value)
          ? Object.entries(rule as Record_).flatMap(([key, sub]) =>
              key in value ? check(sub, value[key], `${path}.${key}`) : []
            )
          : []
      case "additionalProperties": {
        const known = Object.keys((schema["properties"] as Record_ | undefined) ?? {})
        if (!isObject(value)) return []
        const extra = Object.entries(value).filter(([key]) => !known.includes(key))
        return extra.flatMap(([key, item]) => check(rule, item, `${path}.${key}`))
      }
      case "propertyNames":
        return isObject(value) ? Object.keys(value).flatMap((key) => check(rule, key, `${path}.${key}`)) : []
      case "items":
        return Array.isArray(value) ? value.flatMap((item, index) => check(rule, item, `${path}[${index}]`)) : []
      case "anyOf":
        return fail(!list(rule).some(passes), "fits no alternative")
      case "oneOf":
        return fail(list(rule).filter(passes).length !== 1, "fits not exactly one alternative")
      case "allOf":
        return list(rule).flatMap((sub) => check(sub, value))
      case "not":
        return fail(passes(rule), "is what must not be")
      case "if":
        return check((passes(rule) ? schema["then"] : schema["else"]) ?? true, value)
      default:
        if (annotations.has(keyword)) return []
        throw new Error(`the keyword ${keyword} is not checked`)
    }
  })
}
