/** An incident's answer as text for a ticket or a chat. Pure. */

import type { IncidentAnswer, Suspect } from '../../client.ts'
import { counted } from '../../format.ts'
import { escapeMarkdown } from '../../markdown.ts'
import { distance } from './arrange.ts'

/** What an answer without a suspect leaves open. */
export const CANNOT_SEE =
  'Cairn cannot see traffic, failures of AWS or other providers, data that applications write, and changes of sources that are not connected.'

export interface IncidentReport {
  title: string
  noticedAt: string
  environment: string | undefined
  url: string
  answer: Pick<IncidentAnswer, 'sentence' | 'completeness' | 'responses' | 'searched'>
  suspects: readonly Suspect[]
}

export function reportToMarkdown(report: IncidentReport): string {
  return render(report, {
    heading: (text) => `## ${text}`,
    strong: (text) => `**${text}**`,
    link: (text, url) => `[${text}](${url})`,
    plain: escapeMarkdown,
  })
}

/** Slack's mrkdwn: https://api.slack.com/reference/surfaces/formatting */
export function toSlack(report: IncidentReport): string {
  return render(report, {
    heading: (text) => `*${text}*`,
    strong: (text) => `*${text}*`,
    link: (text, url) => `<${url}|${text}>`,
    plain: escapeSlack,
  })
}

interface Format {
  heading: (text: string) => string
  strong: (text: string) => string
  link: (text: string, url: string) => string
  plain: (text: string) => string
}

function render(report: IncidentReport, { heading, strong, link, plain }: Format): string {
  const { answer, environment, noticedAt, url } = report
  const where = environment === undefined ? '' : ` in ${plain(environment)}`
  const origin = new URL(url).origin
  const suspects = report.suspects.map((suspect, index) => {
    const at = distance(suspect.occurredAt, noticedAt)
    const name = link(plain(suspect.summary), `${origin}/changes/${suspect.changeId}`)
    const reasons = suspect.reasons.map((reason) => `   - ${plain(reason)}`)
    return [`${index + 1}. ${name}, ${at}`, ...reasons].join('\n')
  })
  const responses = answer.responses.slice(0, 5).map((response) => {
    const at = distance(response.occurredAt, noticedAt)
    return `- ${link(plain(response.summary), `${origin}/changes/${response.changeId}`)}, ${at}`
  })
  const { candidates, from, to } = answer.searched
  const at = (time: string) => time.slice(0, 16).replace('T', ' ')
  const searched = `Searched ${counted(candidates, 'change')} from ${at(from)} to ${at(to)} UTC.`
  const parts = [
    heading(plain(report.title)),
    `Noticed ${noticedAt}${where}. ${link('Open in Cairn', url)}`,
    strong(plain(answer.sentence)),
    ...(suspects.length > 0 ? [suspects.join('\n')] : []),
    ...(responses.length > 0 ? [`After the alert:\n${responses.join('\n')}`] : []),
    `${plain(answer.completeness.sentence)} ${searched}`,
    ...(suspects.length > 0 ? [] : [CANNOT_SEE]),
  ]
  return parts.join('\n\n')
}

function escapeSlack(text: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  // Slack has no escape for these marks. A zero-width space separates them from words.
  return escaped.replaceAll(/[*_~`]/g, (mark) => `\u200b${mark}\u200b`).replaceAll('\n', ' ')
}
