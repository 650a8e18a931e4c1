import { createHmac, randomFillSync } from 'node:crypto'
import { systemPlatform } from '../../../platform.ts'
import { PacketWriter } from '../wire/packet-writer.ts'

const randomWords = new Int32Array(256)
let wordsLeft = 0

/** 32 random bits; taken from the system many at a time. */
export function random(): number {
  if (wordsLeft === 0) {
    randomFillSync(randomWords)
    wordsLeft = randomWords.length
  }
  return randomWords[--wordsLeft]!
}

export function mac(key: Uint8Array, message: Uint8Array): Uint8Array {
  return createHmac('sha256', key).update(message).digest()
}

/**
 * One for all endpoints of the process: packets are put together and handed to the operating system in one go, and only
 * if that does not take them, they need memory of their own.
 */
export const packets = new PacketWriter(systemPlatform.allocate)
