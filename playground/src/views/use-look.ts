import { useEffect, useRef, useState } from "preact/hooks";
import type { Looks } from "../../../src/web/index.ts";
import type { MachineClient, MachineState } from "../machine.ts";

/** What every view of the machine gets. */
export interface ViewProps {
  readonly machine: MachineClient;
  readonly state: MachineState;
}

export interface Seen<K extends keyof Looks> {
  /** The newest answer; undefined before the first one. */
  readonly answer: Looks[K]["answer"] | undefined;
  /** Why there is none, in a sentence. */
  readonly error: string | undefined;
}

/**
 * Looks at the machine at each standstill, whenever the question changes, and every `liveMs` while it runs. `ask` undefined: nothing is
 * asked.
 */
export function useLook<K extends keyof Looks>(view: ViewProps, kind: K, ask: Looks[K]["ask"] | undefined, liveMs?: number): Seen<K> {
  const { machine, state } = view;
  const [seen, setSeen] = useState<Seen<K>>({ answer: undefined, error: undefined });
  const question = ask === undefined ? undefined : JSON.stringify(ask);
  const live = liveMs !== undefined && (state.phase === "running" || state.phase === "waiting");
  const there = state.phase !== "none" && state.phase !== "loading";
  const turn = useRef(0);
  useEffect(() => {
    const mine = ++turn.current;
    if (question === undefined || !there || !machine.alive) {
      if (!there) setSeen({ answer: undefined, error: undefined });
      return;
    }
    let timer: number | undefined;
    const look = (): void => {
      machine.look(kind, JSON.parse(question) as Looks[K]["ask"]).then(
        (answer) => {
          if (mine !== turn.current) return;
          setSeen({ answer, error: undefined });
          if (live) timer = window.setTimeout(look, liveMs);
        },
        (error: unknown) => {
          if (mine === turn.current) setSeen({ answer: undefined, error: error instanceof Error ? error.message : String(error) });
        },
      );
    };
    look();
    return () => {
      turn.current++;
      window.clearTimeout(timer);
    };
  }, [machine, kind, question, state.stamp, there, live, liveMs]);
  return seen;
}
