/** A reproduction as JUnit XML, which CI systems read: a test case for each stage. */
import { agrees, type Comparison } from "../../lock/compare-results.ts"
import { metricText, movedMetrics, reasonText, resultWords } from "./reproduction-text.ts"

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" }

/** What XML 1.0 cannot hold even escaped is left out. */
const escape = (text: string): string =>
  text
    .replaceAll(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, "")
    .replaceAll(/[&<>"]/g, (character) => entities[character] as string)

const testCase = (experiment: string, each: Comparison): string => {
  const open = `    <testcase classname="${escape(experiment)}" name="${escape(each.id)}" time="${each.seconds.toFixed(3)}"`
  const details = [reasonText(each), ...movedMetrics(each).map(metricText)].filter((line) => line !== "").join("\n")
  if (agrees(each))
    return details === "" ? `${open}/>` : `${open}>\n      <system-out>${escape(details)}</system-out>\n    </testcase>`
  return `${open}>\n      <failure message="${escape(resultWords[each.result])}">${escape(details)}</failure>\n    </testcase>`
}

export const reproductionJunit = (experiment: string, compared: ReadonlyArray<Comparison>): string => {
  const failures = compared.filter((each) => !agrees(each)).length
  const seconds = compared.reduce((sum, each) => sum + each.seconds, 0).toFixed(3)
  const counts = `tests="${compared.length}" failures="${failures}" errors="0" time="${seconds}"`
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts}>`,
    `  <testsuite name="${escape(experiment)}" ${counts}>`,
    ...compared.map((each) => testCase(experiment, each)),
    "  </testsuite>",
    "</testsuites>",
    ""
  ].join("\n")
}
