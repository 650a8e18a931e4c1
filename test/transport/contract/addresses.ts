import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connect, listen } from '../../../src/index.ts'
import { failure } from '../../support/errors.ts'
import type { Medium } from '../../support/media.ts'

/** What Node, or the operating system behind it, reads another host in, or refuses by an error of its own. */
const NOT_IN_HOST = ['\t', '\n', '\u007f', '\u0085', ' ', '#', '%', '/', '?', '@', '\\', '[', '|']

export function addresses(medium: Medium): void {
  /** The medium's address with text behind its host, or in its path where it has no host. */
  const withText = (text: string): string =>
    medium
      .freshAddress()
      .replace(/:0/, ':1')
      .replace(/^[\w-]+:\/\/\/?[\w.-]+/, `$&${text}`)

  const refused = async (address: string | URL, message: RegExp): Promise<void> => {
    const { connectOptions, listenOptions } = medium
    assert.match((await failure(connect(address, connectOptions), 'INVALID_ADDRESS')).message, message)
    assert.match((await failure(listen(address, listenOptions), 'INVALID_ADDRESS')).message, message)
  }

  test('an address with a NUL in its host or path is refused, however it is written', async () => {
    for (const text of ['%00', '%00.evil.test', '%00y']) {
      await refused(withText(text), /NUL/)
      await refused(new URL(withText(text)), /NUL/)
    }
    await refused(withText('\0y'), /NUL|cannot be read/)
  })

  if (/:\d/.test(medium.freshAddress())) {
    test('a host with a character that no host can have is refused', async () => {
      for (const character of NOT_IN_HOST) {
        await refused(withText(encodeURIComponent(character)), /the host contains/)
      }
    })
  }
}
