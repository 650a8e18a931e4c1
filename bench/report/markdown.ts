import type { Result } from '../case.ts'
import { verdictsOf } from '../goals.ts'
import { gridOf } from './grid.ts'
import type { Machine } from './machine.ts'
import type { Report } from './report.ts'

const intro = `# Benchmarks

<!-- Written by \`npm run bench -- --write\`: do not edit. The prose on what limits the figures is bench/notes.md. -->

Two processes on one machine, over loopback: one sends, one receives. \`net\` and \`tls\` are the floor of the runtime: the same number of bytes in writes of 64 KiB, without a look at them. Every other receiver checks the length and the sequence number of each message. \`libzmq\` and \`usrsctp\` are programs in C, \`zeromq\` and \`ws\` are the packages of npm. \`UDP\` is to SCTP what \`net\` is to TCP: the same bytes in datagrams of \`node:dgram\`, no more of them on their way than the receiver has room for, all of which arrive.

The contenders take turns, one run each per round. A figure is the median of the rounds; a ratio is taken within each round, and its least and most stand in parentheses. A target for a ratio is judged by the median, a target for a figure itself by the worst round. CPU time is that of a whole process for each message, peaks are of resident memory.

![Messages per second and round trips](benchmarks.svg)
`

const repeat = `## How to repeat

\`\`\`
npm ci
npm run bench                  # all of it
npm run bench -- --quick       # four minutes
npm run bench -- --only 'SCTP' # some cases; --help tells more
npm run bench -- --write       # writes this file and its chart
\`\`\`

\`libzmq\` and \`usrsctp\` take part where they are installed (\`apt-get install gcc libzmq3-dev libusrsctp-dev pkg-config\`); what needs them is left out loudly where they are not. Nothing else should run meanwhile.
`

/** The whole of `docs/benchmarks.md`. */
export function documentOf({ machine, quick, results }: Report, notes: string): string {
  const parts = [intro, targets(results), notes, cases(results), about(machine, quick), repeat]
  return parts
    .map(part => part.trim())
    .join('\n\n')
    .concat('\n')
}

function targets(results: readonly Result[]): string {
  const rows = results.flatMap(result =>
    verdictsOf(result).map(({ measure, target, measured, met }) => [
      result.of.name,
      measure,
      target,
      measured,
      met === undefined ? '' : met ? 'yes' : '**no**',
    ]),
  )
  return `## Targets\n\n${table([['case', 'what', 'target', 'measured', 'met'], ...rows])}`
}

function cases(results: readonly Result[]): string {
  return ['## Figures', ...results.map(caseText)].join('\n\n')
}

function caseText(result: Result): string {
  const { headings, rows } = gridOf(result)
  const rounds = result.rounds === 1 ? 'One round.' : `${result.rounds} rounds.`
  const parts = [`### ${result.of.name}`, `${result.of.about} ${rounds}`, table([headings, ...rows])]
  return [...parts, ...(result.remark === undefined ? [] : [result.remark])].join('\n\n')
}

function about(machine: Machine, quick: boolean): string {
  const rows = [
    ['date', machine.date],
    ['processor', `${machine.processor}, ${machine.cores} cores`],
    ['memory', `${(machine.memoryBytes / 2 ** 30).toFixed(1)} GiB`],
    ['system', `${machine.system}, ${machine.kernel}`],
    ...Object.entries(machine.versions),
    ...(quick ? [['extent', 'a quick run: shorter, fewer rounds']] : []),
  ]
  return `## The machine\n\n${table([['', ''], ...rows])}`
}

function table(rows: readonly (readonly string[])[]): string {
  const [headings, ...body] = rows.map(row => `| ${row.join(' | ')} |`)
  return [headings, `|${' --- |'.repeat(rows[0]!.length)}`, ...body].join('\n')
}
