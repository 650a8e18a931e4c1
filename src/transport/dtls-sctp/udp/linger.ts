/** How long a peer that may have missed the farewell is answered; it asks again after a second or two. */
export const LINGER_MS = 3000

/** Calls back after that time, and does not keep the process running until then. Returns what cancels it. */
export function startLingering(onEnd: () => void): () => void {
  const timer = setTimeout(onEnd, LINGER_MS).unref()
  return () => clearTimeout(timer)
}
