import type { Pointer } from '../native-library.ts'

type Free = (pointer: Pointer) => void

/** Takes native objects over, and counts those that are alive. */
export class NativeObjects {
  alive = 0

  /** @throws Error if the pointer is null: OpenSSL has no memory left */
  own(pointer: Pointer | null, free: Free, what: string): NativeObject {
    if (pointer === null) throw new Error(`OpenSSL made no ${what}`)
    this.alive++
    return new NativeObject(this, pointer, free, what)
  }
}

/** Something that OpenSSL has made for us: freed once, and not used afterwards. */
export class NativeObject {
  readonly #objects: NativeObjects
  readonly #free: Free
  readonly #what: string
  #pointer: Pointer | undefined

  constructor(objects: NativeObjects, pointer: Pointer, free: Free, what: string) {
    this.#objects = objects
    this.#pointer = pointer
    this.#free = free
    this.#what = what
  }

  /** @throws Error if it is freed: the process must not go on with a pointer to nowhere */
  get pointer(): Pointer {
    if (this.#pointer === undefined) throw new Error(`${this.#what} was used after it was freed`)
    return this.#pointer
  }

  /** Leaves it to another native object, which will free it. */
  giveAway(): Pointer {
    const { pointer } = this
    this.#pointer = undefined
    this.#objects.alive--
    return pointer
  }

  /** Doing it twice does nothing. */
  free(): void {
    if (this.#pointer !== undefined) this.#free(this.giveAway())
  }
}
