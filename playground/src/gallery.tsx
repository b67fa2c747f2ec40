import { useEffect, useRef } from "preact/hooks";
import type { GalleryProgram } from "./programs.ts";
import { AddressBar } from "./views/address-bar.tsx";

export interface GalleryProps {
  readonly programs: readonly GalleryProgram[];
  /** Undefined while a file of the user's is chosen. */
  readonly chosen: string | undefined;
  readonly onChoose: (program: GalleryProgram) => void;
  readonly onOpen: (file: File) => void;
  /** Rejects with a sentence. */
  readonly onOpenUrl: (url: string) => Promise<void>;
}

/** The programs, one of which is chosen, and ways to bring another. */
export function Gallery({ programs, chosen, onChoose, onOpen, onOpenUrl }: GalleryProps) {
  const list = useRef<HTMLUListElement>(null);
  const file = useRef<HTMLInputElement>(null);
  useEffect(() => {
    // The list scrolls by itself; the page stays where it is.
    const item = list.current?.querySelector<HTMLElement>("[aria-pressed=true]");
    if (item === null || item === undefined || list.current === null) return;
    const box = list.current.getBoundingClientRect();
    const place = item.getBoundingClientRect();
    if (place.left < box.left || place.right > box.right) list.current.scrollLeft += place.left - box.left - 24;
    if (place.top < box.top || place.bottom > box.bottom) list.current.scrollTop += place.top - box.top - 24;
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
      <div class="open">
        <button type="button" onClick={() => file.current?.click()}>
          Open an ELF file…
        </button>
        <input
          ref={file}
          class="hidden"
          type="file"
          tabIndex={-1}
          aria-label="ELF file"
          onChange={(event) => {
            const chosenFile = event.currentTarget.files?.[0];
            if (chosenFile) onOpen(chosenFile);
            event.currentTarget.value = "";
          }}
        />
        <AddressBar label="Address of an ELF file" placeholder="https://…" button="Open" onGo={onOpenUrl} />
      </div>
    </section>
  );
}
