// `tsvm restore`: makes a machine of an image and runs it on.
import type { NodeInputs } from "../node/index.ts";
import type { OpenImage } from "../snapshot/index.ts";
import { restoreImage } from "../snapshot/index.ts";
import type { CheckpointOptions } from "./checkpoint-options.ts";
import { Checkpointer } from "./checkpoint.ts";
import { CommandError, ExitStatus } from "./errors.ts";
import { readImage, refusing } from "./image-file.ts";
import { engineOf, openInputs, runMachine } from "./run.ts";
import { mountsOf } from "./run-options.ts";
import type { EngineOptions, MountOption, WatchOptions } from "./run-options.ts";
import { byteString } from "./bytes.ts";

export interface RestoreOptions extends EngineOptions, WatchOptions, CheckpointOptions {
  readonly dir: readonly MountOption[];
  readonly root?: string;
  readonly deterministic?: true;
}

/** The directories of the image in its order, as they were given now. */
function mountsInOrder(file: string, { machine }: OpenImage, given: readonly MountOption[]): MountOption[] {
  const left = [...given];
  const mounts = machine.mounts.map(({ guest, readOnly }) => {
    const at = left.findIndex((mount) => byteString(mount.guest) === guest);
    const [mount] = at < 0 ? [] : left.splice(at, 1);
    if (mount === undefined) {
      const wanted = guest === "/" && readOnly ? "--root DIR" : `--dir HOST::${guest}${readOnly ? ":ro" : ""}`;
      throw new CommandError(ExitStatus.usage, `${file}: the program needs ${wanted}`);
    }
    return { ...mount, readOnly };
  });
  const [extra] = left;
  if (extra !== undefined) throw new CommandError(ExitStatus.usage, `${file}: the program has no directory ${extra.guest}`);
  return mounts;
}

/** Runs on the program in `file`; resolves with the status to exit with. */
export async function restore(file: string, options: RestoreOptions): Promise<number> {
  const opened = readImage(file);
  let inputs: NodeInputs | undefined;
  try {
    const { deterministic } = options;
    const dir = mountsInOrder(file, opened.image, mountsOf(options));
    inputs = openInputs({ dir, ...(deterministic === undefined ? {} : { deterministic }) });
    const host = inputs;
    const machine = refusing(file, () => restoreImage(opened.image, { inputs: host, ...engineOf(options) }));
    opened.close();
    const name = [...machine.kernel.processes.values()][0]?.path ?? "program";
    return await runMachine(machine, host, options, new Checkpointer(machine, name, options));
  } finally {
    inputs?.close();
  }
}
