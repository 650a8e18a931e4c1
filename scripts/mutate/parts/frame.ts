import type { Part } from '../mutant.ts'

export const frame: Part = {
  name: 'frame',
  suites: ['test/frame/', 'test/connection/send-buffer'],
  mutants: [
    {
      file: 'frame/decoder.ts',
      from: 'this.#maxDataBytes = maxDataBytes\n',
      to: 'this.#maxDataBytes = maxDataBytes + 1\n',
      what: 'takes a frame that is one byte too large',
    },
  ],
}
