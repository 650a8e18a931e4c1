import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** What a process has used since its idle level was taken. */
export interface Usage {
  readonly cpuMs: number
  /** Resident memory, in bytes. */
  readonly idleBytes: number
  readonly peakBytes: number
  readonly endBytes: number
  /** Of JavaScript objects and of memory outside the heap that they own, in bytes. */
  readonly idleHeapBytes: number
  readonly endHeapBytes: number
}

/** Measures the process that it runs in. With `--expose-gc`, garbage does not count for the levels. */
export class Meter {
  #idleBytes = 0
  #idleHeapBytes = 0
  #cpu = process.cpuUsage()

  /** Takes the idle level; the peak counts from here. */
  async begin(): Promise<true> {
    await collectGarbage()
    this.#idleBytes = process.memoryUsage.rss()
    this.#idleHeapBytes = heapBytes()
    forgetPeak()
    this.#cpu = process.cpuUsage()
    return true
  }

  async read(): Promise<Usage> {
    const { user, system } = process.cpuUsage(this.#cpu)
    const peakBytes = peak()
    await collectGarbage()
    const endBytes = process.memoryUsage.rss()
    return {
      cpuMs: (user + system) / 1000,
      idleBytes: this.#idleBytes,
      peakBytes,
      endBytes,
      idleHeapBytes: this.#idleHeapBytes,
      endHeapBytes: heapBytes(),
    }
  }
}

function heapBytes(): number {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

async function collectGarbage(): Promise<void> {
  for (let i = 0; i < 5 && globalThis.gc !== undefined; i++) {
    globalThis.gc()
    await sleep(50)
  }
}

/** Lets the kernel count the peak anew (proc(5), `clear_refs`). Elsewhere it is the peak of the whole process. */
function forgetPeak(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5')
  } catch {}
}

/** `maxRSS` comes second: on Linux a new process inherits that of its parent. */
function peak(): number {
  try {
    const line = /VmHWM:\s*(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))
    return Number(line![1]) * 1024
  } catch {
    return process.resourceUsage().maxRSS * 1024
  }
}
