/**
 * Requests to the host, as the file system makes them.
 *
 * A request on a mount may be answered later. It is then found in the middle of a path walk, so this one case is thrown:
 * {@link HOST_PENDING}, caught by the system call dispatcher. The dispatcher parks the task with `take()`: the exchanges the
 * call has had so far and the id of the open request. When the answer is there, the same system call is run again from its
 * start after `begin(exchanges)`; its requests are then answered from the list as long as they are the same. All of it is plain data.
 */

import { errnoOf } from "../abi/errno.ts";
import type { HostAnswer, HostRequest, Inputs } from "../inputs.ts";

/** Thrown by {@link HostPort.ask} where the host answers later. */
export const HOST_PENDING: { readonly reason: "host answers later" } = { reason: "host answers later" };

export interface HostExchange {
  readonly request: HostRequest;
  readonly answer: HostAnswer;
}

/** A system call that waits for the host. `exchanges` are those before `request`. */
export interface ParkedHostCall {
  readonly id: number;
  readonly request: HostRequest;
  readonly exchanges: readonly HostExchange[];
}

function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (a instanceof Uint8Array && b instanceof Uint8Array) return a.length === b.length && a.every((byte, i) => byte === b[i]);
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const left = a as Readonly<Record<string, unknown>>;
  const right = b as Readonly<Record<string, unknown>>;
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => sameValue(left[key], right[key]));
}

/** A copy that stays valid: answers may be views of the adapter's buffer. */
function keep<T extends object>(value: T): T {
  return "bytes" in value && value.bytes instanceof Uint8Array ? { ...value, bytes: value.bytes.slice() } : value;
}

/** Answer kinds by their field: what a request's answer must have. */
type AnswerWith<K extends string> = Extract<HostAnswer, { readonly [P in K]: unknown }>;

export class HostPort {
  readonly #inputs: Inputs;
  /** Id of the next request. */
  nextId = 1;
  /** System calls begun; tells answers of this call from older ones. A cache key, no state. */
  calls = 0;
  #exchanges: HostExchange[] = [];
  #replayed = 0;
  #parked: ParkedHostCall | null = null;
  /** True while a system call that can be run again is under way. */
  #inCall = false;

  constructor(inputs: Inputs) {
    this.#inputs = inputs;
  }

  /** A system call starts, or is run again with the exchanges of a parked one and the answer that came. */
  begin(exchanges?: readonly HostExchange[]): void {
    this.#inCall = true;
    this.calls++;
    this.#parked = null;
    this.#replayed = 0;
    if (exchanges !== undefined) this.#exchanges = [...exchanges];
    else if (this.#exchanges.length > 0) this.#exchanges = [];
  }

  /** After {@link HOST_PENDING}: what the task must keep. */
  take(): ParkedHostCall {
    if (this.#parked === null) throw new Error("no host request is open");
    return this.#parked;
  }

  /** Makes a request without waiting: for streams, whose owner keeps the id. */
  request(request: HostRequest): { readonly id: number; readonly answer: HostAnswer | "later" } {
    const id = this.nextId++;
    return { id, answer: this.#inputs.ask(id, request) };
  }

  /** The answer, which has the field `field`; throws an Errno, or {@link HOST_PENDING}. */
  ask<K extends string>(field: K, request: HostRequest): AnswerWith<K> {
    const answer = this.#answer(request);
    if ("errno" in answer) throw errnoOf(answer.errno);
    if (!(field in answer)) throw new Error(`the host adapter answered ${request.op} without ${field}`);
    return answer as AnswerWith<K>;
  }

  #answer(request: HostRequest): HostAnswer {
    const known = this.#exchanges[this.#replayed];
    if (known !== undefined) {
      if (sameValue(known.request, request)) {
        this.#replayed++;
        return known.answer;
      }
      this.#exchanges.length = this.#replayed;
    }
    const id = this.nextId++;
    const answer = this.#inputs.ask(id, request);
    if (answer === "later") {
      if (!this.#inCall) throw new Error(`the host adapter must answer ${request.op} at once here`);
      this.#parked = { id, request: keep(request), exchanges: this.#exchanges };
      this.#exchanges = [];
      throw HOST_PENDING;
    }
    if (this.#inCall && this.#inputs.synchronousFiles !== true) {
      this.#exchanges.push({ request: keep(request), answer: keep(answer) });
      this.#replayed++;
    }
    return answer;
  }
}
