/** Names that a shell takes for variables, and that are safe as names of files. */
export const variableName = /^(?!__proto__$)[A-Za-z_][A-Za-z0-9_]*$/
export const variableRule = "a name is made of letters, digits and _, no digit first"
