import { useEffect, useRef } from "preact/hooks";
import { type AreaPicture, PageBit } from "../../../src/web/index.ts";
import { Hint, nothingYet } from "./hex.tsx";
import { areaTitle } from "./memory.tsx";
import { useLook, type ViewProps } from "./use-look.ts";

const LIVE_MS = 200;
const CELLS = 6000;
const CELL = 9;
const GAP = 1;
const PAGE = 4096;
const numbers = new Intl.NumberFormat("en");

export interface PagesProps extends ViewProps {
  readonly onShow: (address: number) => void;
}

const KIB = 1024;
const sizeText = (bytes: number): string =>
  bytes >= 2 ** 30
    ? `${numbers.format(Math.round(bytes / 2 ** 30))} GiB`
    : bytes >= 2 ** 20
      ? `${numbers.format(Math.round(bytes / 2 ** 20))} MiB`
      : `${numbers.format(bytes / KIB)} KiB`;

/** The page table as a picture, live while the program runs, and the areas as pmap(1) lists them. */
export function Pages({ onShow, ...view }: PagesProps) {
  const { answer, error } = useLook(view, "pages", { cells: CELLS }, LIVE_MS);
  if (answer === undefined) return <Hint>{error ?? nothingYet(view.state)}</Hint>;
  const { areas } = answer;
  const sum = (of: (area: AreaPicture) => number): number => areas.reduce((total, area) => total + of(area), 0);
  const pages = sum(({ start, end }) => (end - start) / PAGE);
  const resident = sum((area) => area.resident);
  const dirty = sum((area) => area.dirty);
  const text = `${numbers.format(pages)} pages in ${areas.length} areas: ${numbers.format(resident)} present, ${numbers.format(dirty)} of them dirty.`;
  return (
    <>
      <ul class="legend">
        <li class="k-absent">absent</li>
        <li class="k-clean">clean</li>
        <li class="k-dirty">dirty</li>
        <li class="k-exec">executable</li>
        <li class="k-recent">just written</li>
      </ul>
      <p class="foot">{text}</p>
      <div class="scroll map" tabIndex={0} role="region" aria-label="Picture of the page table">
        {areas.map((area) => (
          <Strip key={area.start} area={area} onShow={onShow} />
        ))}
      </div>
      <h3>Areas</h3>
      <div class="scroll areas" tabIndex={0} role="region" aria-label="Areas">
        <table>
          <thead>
            <tr>
              <th scope="col">Address</th>
              <th scope="col">Size</th>
              <th scope="col">Present</th>
              <th scope="col">Dirty</th>
              <th scope="col">Mode</th>
              <th scope="col">Mapping</th>
            </tr>
          </thead>
          <tbody>
            {areas.map((area) => (
              <tr key={area.start}>
                <th scope="row">
                  <button type="button" class="link" aria-label={`Show memory at ${area.start.toString(16)}`} onClick={() => onShow(area.start)}>
                    {area.start.toString(16)}
                  </button>
                </th>
                <td>{sizeText(area.end - area.start)}</td>
                <td>{numbers.format(area.resident)}</td>
                <td>{numbers.format(area.dirty)}</td>
                <td>{area.permissions}</td>
                <td class="place">{areaTitle(area)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

const KINDS = ["absent", "clean", "dirty", "exec", "recent"] as const;
/** As pixels of an ImageData. */
type Colors = Readonly<Record<(typeof KINDS)[number], number>>;
let known: { readonly dark: boolean; readonly colors: Colors } | undefined;

/** The style sheet's colors as a canvas takes them. */
function colorsNow(dark: boolean): Colors {
  if (known?.dark === dark) return known.colors;
  const probe = document.createElement("span");
  document.body.append(probe);
  const colorOf = (name: string): number => {
    probe.style.color = `var(--k-${name})`;
    const [r = 0, g = 0, b = 0] = (getComputedStyle(probe).color.match(/\d+/g) ?? []).map(Number);
    // Red comes first in memory.
    return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
  };
  const colors = Object.fromEntries(KINDS.map((name) => [name, colorOf(name)])) as Colors;
  probe.remove();
  known = { dark, colors };
  return colors;
}

/** Draws the cells in rows of `columns`; `ratio`: device pixels for each pixel. */
function paint(canvas: HTMLCanvasElement, cells: Uint8Array, columns: number, ratio: number, colors: Colors): void {
  const size = Math.round(CELL * ratio);
  const step = Math.round((CELL + GAP) * ratio);
  const line = Math.max(1, Math.round(ratio));
  const rows = Math.ceil(cells.length / columns);
  canvas.width = columns * step;
  canvas.height = rows * step;
  canvas.style.width = `${(columns * step) / ratio}px`;
  canvas.style.height = `${(rows * step) / ratio}px`;
  const context = canvas.getContext("2d");
  if (context === null) return;
  const image = context.createImageData(canvas.width, canvas.height);
  const pixels = new Uint32Array(image.data.buffer);
  cells.forEach((cell, index) => {
    const left = (index % columns) * step;
    const top = Math.floor(index / columns) * step;
    const square = (color: number, inset: number): void => {
      for (let y = top + inset; y < top + size - inset; y++) {
        const row = y * canvas.width;
        pixels.fill(color, row + left + inset, row + left + size - inset);
      }
    };
    if ((cell & PageBit.present) === 0) {
      square(colors.absent, 0);
      square(0, line);
      return;
    }
    const executable = (cell & PageBit.executable) !== 0;
    const dirty = (cell & PageBit.dirty) !== 0;
    if ((cell & PageBit.recent) !== 0) square(colors.recent, 0);
    const inset = (cell & PageBit.recent) !== 0 ? 2 * line : 0;
    square(executable ? colors.exec : dirty ? colors.dirty : colors.clean, inset);
    if (executable && dirty) square(colors.dirty, 3 * line);
  });
  context.putImageData(image, 0, 0);
}

/** Cells of a strip in one row. */
const columnsOf = (width: number, cells: number): number => Math.min(cells, Math.max(1, Math.floor(width / (CELL + GAP))));

/** One area: what it is, and its cells on a canvas. A click shows the memory there. */
function Strip({ area, onShow }: { readonly area: AreaPicture; readonly onShow: (address: number) => void }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const element = canvas.current;
    const parent = element?.parentElement;
    if (element === null || parent === null || parent === undefined) return;
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    let columns = 0;
    const draw = (): void => {
      columns = columnsOf(parent.clientWidth, area.cells.length);
      paint(element, area.cells, columns, devicePixelRatio, colorsNow(scheme.matches));
    };
    draw();
    const observer = new ResizeObserver(() => {
      if (columns !== columnsOf(parent.clientWidth, area.cells.length)) draw();
    });
    observer.observe(parent);
    scheme.addEventListener("change", draw);
    return () => {
      observer.disconnect();
      scheme.removeEventListener("change", draw);
    };
  }, [area]);
  const { start, end, permissions, resident, dirty, pagesPerCell } = area;
  const title = areaTitle(area).replace(/^.*\//, "");
  return (
    <div class="strip">
      <p>
        <b>{title}</b> <code>{permissions}</code> {numbers.format(resident)} of {numbers.format((end - start) / PAGE)} pages
        {pagesPerCell > 1 && `, ${pagesPerCell} in a cell`}
      </p>
      <div>
        <canvas
          ref={canvas}
          role="img"
          aria-label={`${title}: ${resident} of ${(end - start) / PAGE} pages present, ${dirty} dirty`}
          onClick={(event) => {
            const columns = columnsOf(event.currentTarget.parentElement?.clientWidth ?? 0, area.cells.length);
            const index = Math.floor(event.offsetY / (CELL + GAP)) * columns + Math.floor(event.offsetX / (CELL + GAP));
            onShow(Math.min(start + index * pagesPerCell * PAGE, end - PAGE));
          }}
        />
      </div>
    </div>
  );
}
