import { useEffect, useRef, useState } from "preact/hooks";
import { type Dropped, droppedFiles } from "./incoming.ts";

export interface DropTargetProps {
  /** Rejects with a sentence. */
  readonly onDrop: (dropped: readonly Dropped[]) => Promise<void>;
  readonly onError: (text: string) => void;
}

/** The whole page takes files; while some are dragged over it, it says what it does with them. */
export function DropTarget({ onDrop, onError }: DropTargetProps) {
  const [over, setOver] = useState(false);
  const handlers = useRef({ onDrop, onError });
  handlers.current = { onDrop, onError };
  useEffect(() => {
    const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") === true;
    const drag = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent): void => {
      // Between two elements of the page there is one that is entered.
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent): void => {
      if (event.dataTransfer === null || !hasFiles(event)) return;
      event.preventDefault();
      setOver(false);
      droppedFiles(event.dataTransfer)
        .then((files) => handlers.current.onDrop(files))
        .catch((error: unknown) => handlers.current.onError(error instanceof Error ? error.message : String(error)));
    };
    window.addEventListener("dragover", drag);
    window.addEventListener("dragleave", leave);
    window.addEventListener("drop", drop);
    return () => {
      window.removeEventListener("dragover", drag);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("drop", drop);
    };
  }, []);
  return over ? <p class="drop">Drop a program to run it, or files, folders and tar archives for the guest.</p> : null;
}
