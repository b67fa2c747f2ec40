import { useEffect, useRef } from "preact/hooks";
import type { GalleryProgram } from "./programs.ts";

export interface GalleryProps {
  readonly programs: readonly GalleryProgram[];
  /** Undefined while a file of the user's is chosen. */
  readonly chosen: string | undefined;
  readonly onChoose: (program: GalleryProgram) => void;
  readonly onOpen: (file: File) => void;
}

/** The programs, one of which is chosen, and a way to bring another. */
export function Gallery({ programs, chosen, onChoose, onOpen }: GalleryProps) {
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    // The list is one row on a narrow page; the page itself stays where it is.
    const item = list.current?.querySelector<HTMLElement>("[aria-pressed=true]");
    if (item && list.current) list.current.scrollLeft += item.getBoundingClientRect().left - list.current.getBoundingClientRect().left - 24;
  }, [chosen]);
  return (
    <section class="panel gallery" aria-labelledby="gallery-title">
      <h2 id="gallery-title">Programs</h2>
      <ul ref={list}>
        {programs.map((program) => (
          <li key={program.name}>
            <button type="button" aria-pressed={program.name === chosen} onClick={() => onChoose(program)}>
              <strong>{program.name}</strong>
              <span>{program.description}</span>
            </button>
          </li>
        ))}
      </ul>
      <label class="open">
        <span>Your own static x86-64 ELF file</span>
        <input
          type="file"
          onChange={(event) => {
            const file = event.currentTarget.files?.[0];
            if (file) onOpen(file);
          }}
        />
      </label>
    </section>
  );
}
