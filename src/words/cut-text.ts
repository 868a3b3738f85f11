/** A text that somebody else wrote, in an error: its beginning and its end, where all of it would fill the screen. */
export const cutText = (text: string, most: number): string => {
  if (text.length <= most) return text
  const tail = Math.floor(most / 2)
  return `${text.slice(0, most - tail)}... (${text.length} characters) ...${text.slice(text.length - tail)}`
}
