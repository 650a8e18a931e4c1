/**
 * The least ratio of our rate to that of `net` or `tls`, by case; `npm run bench -- --check` fails below it.
 *
 * To renew them: run `npm run bench -- --check` on a quiet machine and put 0.6 of each ratio here, less where its
 * spread is wide. The margin is wide on purpose: a floor is to notice that something has become slow, on any
 * machine, and not to notice noise.
 */
export const floors: Readonly<Record<string, number>> = {
  '64 B': 0.16,
  '64 B, batches': 0.3,
  '1 KiB': 1.0,
  '64 KiB': 1.2,
  '1 MiB': 1.3,
  'TLS, 64 B': 0.2,
  'TLS, 64 KiB': 0.5,
  'Unix socket, 64 B': 0.14,
  'Unix socket, 64 KiB': 0.3,
  'round trip of 64 B': 0.6,
  'round trip of 64 B, pinned': 0.5,
}
