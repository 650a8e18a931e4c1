import type { Result } from '../case.ts'
import { show } from '../figures.ts'
import { medianOf } from './grid.ts'

// All lengths are in the units of the picture, which is WIDTH wide.
const WIDTH = 800
const COLUMNS = 2
const PANEL_WIDTH = WIDTH / COLUMNS
const MARGIN = 12
const NAME_WIDTH = 92
const VALUE_WIDTH = 100
const BAR_WIDTH = PANEL_WIDTH - 2 * MARGIN - NAME_WIDTH - VALUE_WIDTH
const TITLE_HEIGHT = 34
const ROW_HEIGHT = 22
const BAR_HEIGHT = 14

// Every colour stands out from white and from black alike: the picture has no ground of its own.
const style = `
text { font: 13px system-ui, sans-serif; fill: #7a8490 }
.title { font-weight: 600 }
.ours { fill: #3b82d6 }
.other { fill: #8a93a0 }
.tail { opacity: .35 }
`

interface Bar {
  readonly name: string
  readonly ours: boolean
  /** The first compared figure, and the second where there are two. */
  readonly value: number
  readonly tail: number | undefined
  readonly text: string
}

/** An SVG picture of the cases that have a place in the chart: a panel for each, a bar for each contender. */
export function chartOf(results: readonly Result[]): string {
  const charted = results.filter(({ of }) => of.chart !== undefined)
  const rows = Math.max(...charted.map(({ of }) => of.contenders.length))
  const panelHeight = TITLE_HEIGHT + rows * ROW_HEIGHT + MARGIN
  const height = Math.ceil(charted.length / COLUMNS) * panelHeight
  const panels = charted.map((result, place) => {
    const x = (place % COLUMNS) * PANEL_WIDTH + MARGIN
    const y = Math.floor(place / COLUMNS) * panelHeight
    return `<g transform="translate(${x} ${y})">\n${panelOf(result)}\n</g>`
  })
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img">`
  const title = '<title>Messages per second and round trips of connect-ts and others</title>'
  return `${[head, title, `<style>${style}</style>`, ...panels, '</svg>'].join('\n')}\n`
}

function panelOf(result: Result): string {
  const bars = barsOf(result)
  const most = Math.max(...bars.map(({ value, tail }) => Math.max(value, tail ?? 0)))
  const unit = bars.some(({ tail }) => tail !== undefined) ? 'p50 and p99, less is better' : 'messages/s'
  const title = `<text class="title" y="22">${result.of.chart}: ${unit}</text>`
  return [title, ...bars.map((bar, row) => barOf(bar, TITLE_HEIGHT + row * ROW_HEIGHT, most))].join('\n')
}

function barOf({ name, ours, value, tail, text }: Bar, y: number, most: number): string {
  const color = ours ? 'ours' : 'other'
  const base = y + BAR_HEIGHT - 3
  const end = lengthOf(tail ?? value, most)
  return [
    `<text x="${NAME_WIDTH - 8}" y="${base}" text-anchor="end">${name}</text>`,
    ...(tail === undefined ? [] : [rect(`${color} tail`, y, lengthOf(tail, most))]),
    rect(color, y, lengthOf(value, most)),
    `<text x="${NAME_WIDTH + end + 6}" y="${base}">${text}</text>`,
  ].join('\n')
}

function rect(kind: string, y: number, width: number): string {
  return `<rect class="${kind}" x="${NAME_WIDTH}" y="${y}" width="${width}" height="${BAR_HEIGHT}" rx="2"/>`
}

function lengthOf(value: number, most: number): number {
  return Math.max(1, Math.round((value / most) * BAR_WIDTH))
}

function barsOf({ of, samples }: Result): Bar[] {
  const [main, second] = of.compared
  return Object.entries(samples).map(([name, each], place) => {
    const value = medianOf(each, main!)!
    const tail = second && medianOf(each, second)
    const text = show(main!, value)
    const tailText = tail === undefined ? '' : ` / ${show(second!, tail)} µs`
    return { name, ours: place === 0, value, tail, text: text + tailText }
  })
}
