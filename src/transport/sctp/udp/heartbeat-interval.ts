import type { ConnectionSettings } from '../../../options.ts'
import { HEARTBEAT_INTERVAL_MS } from '../association/protocol-values.ts'

/** HB.interval (RFC 9260, section 8.3) by the options of keep-alive; 0 for no heartbeats. */
export function heartbeatIntervalMs({ keepAlive, keepAliveDelayMs }: ConnectionSettings): number {
  if (!keepAlive) return 0
  return keepAliveDelayMs === 0 ? HEARTBEAT_INTERVAL_MS : keepAliveDelayMs
}
