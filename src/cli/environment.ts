// The guest's environment.
import { byteString } from "./bytes.ts";

/** `--env NAME=VALUE` or `--env NAME`, in the order given; undefined: the host has no such variable. */
export type Variable = readonly [name: string, value: string | undefined];

/**
 * `NAME=VALUE` byte strings: the host's variables (unless `empty`), changed by `variables` in place, new ones behind in the order given.
 */
export function environment(variables: readonly Variable[], empty: boolean): string[] {
  const values = new Map<string, string>();
  if (!empty) {
    for (const [name, value] of Object.entries(process.env)) if (value !== undefined) values.set(name, value);
  }
  for (const [name, value] of variables) if (value !== undefined) values.set(name, value);
  return [...values].map(([name, value]) => byteString(`${name}=${value}`));
}
