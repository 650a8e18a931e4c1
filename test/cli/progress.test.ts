import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatBytes, formatClock, plural } from '../../src/cli/format.ts'
import { progressLine } from '../../src/cli/progress-line.ts'
import { RateMeter } from '../../src/cli/rate-meter.ts'

const half = { bytes: 50_000_000, totalBytes: 100_000_000, bytesPerSecond: 10_000_000, elapsedMs: 5000 }

test('a progress line shows the bar, percent, bytes, rate and time left', () => {
  const line = progressLine(half, 200)
  assert.equal(line, '[############------------]  50%  50.0 MB of 100 MB  10.0 MB/s  0:05 left')
})

test('a progress line without a total shows bytes, rate and time', () => {
  assert.equal(progressLine({ ...half, totalBytes: undefined }, 200), '50.0 MB  10.0 MB/s  0:05')
})

test('a progress line is full at the end, and 100% at most', () => {
  assert.match(progressLine({ ...half, bytes: 100_000_000 }, 200), /^\[#{24}\] 100% .* 0:00 left$/)
  assert.match(progressLine({ ...half, bytes: 200_000_000 }, 200), /^\[#{24}\] 100% .* 0:00 left$/)
  assert.match(progressLine({ ...half, bytes: 0, totalBytes: 0 }, 200), /100%/)
})

test('99.9% is not shown as 100%', () => {
  assert.match(progressLine({ ...half, bytes: 99_999_999 }, 200), / 99% /)
})

test('a progress line does not guess the time left while nothing moves', () => {
  assert.match(progressLine({ ...half, bytesPerSecond: 0 }, 200), /-:-- left$/)
})

test('a progress line is no wider than the terminal', () => {
  assert.equal(progressLine(half, 20).length, 20)
})

test('the rate follows a line that becomes slow', () => {
  const meter = new RateMeter()
  assert.equal(meter.bytesPerSecond, 0)
  for (let ms = 0; ms <= 10_000; ms += 100) meter.add(ms, ms * 10)
  assert.equal(meter.bytesPerSecond, 10_000)
  for (let ms = 10_100; ms <= 20_000; ms += 100) meter.add(ms, 100_000 + ms / 10)
  assert.equal(Math.round(meter.bytesPerSecond), 100)
})

test('bytes have three digits and decimal units', () => {
  const shown = [0, 999, 1000, 999_499, 999_500, 1_234_567, 99_940_000, 5e12].map(formatBytes)
  assert.deepEqual(shown, ['0 B', '999 B', '1.00 kB', '999 kB', '1.00 MB', '1.23 MB', '99.9 MB', '5.00 TB'])
})

test('a clock shows hours when there are any', () => {
  assert.deepEqual([0, 59.6, 754, 3600].map(formatClock), ['0:00', '1:00', '12:34', '1:00:00'])
})

test('one is not plural', () => {
  assert.deepEqual(
    [0, 1, 2].map(count => plural(count, 'byte')),
    ['0 bytes', '1 byte', '2 bytes'],
  )
})
