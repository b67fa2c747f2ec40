// Snapshots, links and the guide as the page has them: what they need of the program and of the machine.
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { MachineClient, MachineState } from "../machine.ts";
import type { Program, Stage } from "../use-program.ts";
import { type Link, readLink } from "./link.ts";
import { noSnapshots, Snapshots, type SnapshotsState } from "./snapshots.ts";
import { countText } from "./text.ts";

export interface SnapshotsHere {
  readonly snapshots: Snapshots;
  readonly state: SnapshotsState;
  readonly go: (instructions: number) => void;
  readonly open: (files: readonly File[]) => Promise<void>;
  readonly guide: {
    readonly onRun: () => Promise<void>;
    readonly onSave: () => Promise<number | undefined>;
    readonly onContinue: () => Promise<void>;
  };
}

/** The program of the question of 1999, and steps enough for a look at it. */
const QUESTION = { name: "migrate-1999", args: "1000" } as const;

export function useSnapshots(machine: MachineClient, machineState: MachineState, program: Program, stage: Stage): SnapshotsHere {
  const [state, setState] = useState(noSnapshots);
  const now = useRef({ machineState, program, stage, state });
  now.current = { machineState, program, stage, state };
  /** The moment of a link that is being gone to. */
  const sought = useRef<Link | undefined>(undefined);

  const snapshots = useMemo(
    () =>
      new Snapshots({
        machine,
        view: setState,
        origin: () => now.current.program.origin(),
        restoring: (saved, content, origin) => {
          const { program: there, stage: around } = now.current;
          const pipes = !saved.terminal;
          there.continueFrom(saved, origin);
          around.begin(saved.raw);
          const { settings } = there;
          const streams = around.streams(pipes, settings.input === "text" ? settings.text : "");
          return {
            streams: streams.kind === "pipes" && content.unread !== undefined ? { kind: "pipes", input: content.unread } : streams,
            strace: settings.strace,
          };
        },
      }),
    [machine],
  );

  const go = useCallback(
    (instructions: number): void => {
      const { machineState: there, program: run } = now.current;
      const earlier = instructions < there.earliest ? snapshots.before(run.origin()?.run ?? "", instructions) : undefined;
      if (earlier !== undefined) {
        void snapshots.restore(earlier.key).then((done) => {
          if (done && earlier.moment.instructions !== instructions) machine.send({ type: "seek", instructions });
        });
        return;
      }
      if (instructions < there.earliest) {
        snapshots.say(
          `What is known of this run begins after ${countText(there.earliest)}: open an earlier snapshot of it, or run it from its beginning.`,
        );
      }
      machine.send({ type: "seek", instructions });
    },
    [machine, snapshots],
  );

  const follow = useCallback(
    (fragment: string): void => {
      let link: Link | undefined;
      try {
        link = readLink(fragment);
      } catch (error) {
        snapshots.fail(error instanceof Error ? error.message : String(error));
      }
      if (link === undefined) return;
      sought.current = link;
      const { recipe, moment } = link;
      const { input, seed, args, env } = recipe;
      const settings = { args, env, input, seed };
      const found = now.current.program.startAgain(recipe.program, settings, link.tape, { type: "seek", ...moment });
      if (!found) {
        snapshots.say(
          `This link is about ${recipe.program}, a file of its sender's: open that file here, and it goes to the moment after ${countText(moment.instructions)}.`,
        );
      }
    },
    [snapshots],
  );

  useEffect(() => {
    const changed = (): void => follow(location.hash);
    changed();
    window.addEventListener("hashchange", changed);
    return () => window.removeEventListener("hashchange", changed);
  }, [follow]);

  // What a link promised is compared with what is there.
  const { phase, instructions } = machineState;
  useEffect(() => {
    const link = sought.current;
    if (link === undefined || (phase !== "paused" && phase !== "ended" && phase !== "waiting")) return;
    if (instructions < link.moment.instructions && phase === "paused") return;
    sought.current = undefined;
    void snapshots.compareWith(link);
  }, [phase, instructions, snapshots]);

  const guide = useMemo(
    () => ({
      onRun: async () => {
        const { program: there } = now.current;
        there.startAgain(QUESTION.name, { args: [QUESTION.args], env: [], input: undefined, seed: undefined }, [], { type: "run" });
      },
      onSave: async () => {
        const key = await snapshots.save();
        if (key === undefined) return undefined;
        now.current.program.stop();
        return now.current.state.list.find((each) => each.key === key)?.moment.instructions;
      },
      onContinue: async () => {
        const { current } = now.current.state;
        if (current !== undefined && (await snapshots.restore(current))) machine.send({ type: "run" });
      },
    }),
    [machine, snapshots],
  );

  const open = useCallback(
    async (files: readonly File[]): Promise<void> => {
      const key = await snapshots.open(files);
      const { phase: there } = now.current.machineState;
      // What runs is not taken away by a file that was only dropped.
      if (key !== undefined && (there === "none" || there === "ended")) await snapshots.restore(key);
    },
    [snapshots],
  );

  return { snapshots, state, go, open, guide };
}
